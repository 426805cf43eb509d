import { sendPage } from './pages/layout.ts'
import { invitationPage, messagePage, passwordPage, signOutPage } from './pages/pages.ts'
import { ROUTES } from './provider-config.ts'
import { readOwnForm } from './read-own-form.ts'
import type { PageExchange, ServerParts } from './server-parts.ts'
import { signIn } from './sign-in.ts'
import { refusePassword } from './users.ts'

const BAD_LINK = messagePage(
  'This link does not work',
  'It was used already, or it has expired. Ask whoever sent it for a new one.',
  404,
)

/** The page behind the link of an invitation. */
export async function serveInvitation(parts: ServerParts, exchange: PageExchange): Promise<void> {
  const { request, response, path } = exchange
  const token = path.slice(ROUTES.invitation.length + 1)
  const user = /^[\w-]{43}$/.test(token) ? parts.users.invited(token) : undefined
  if (user === undefined) return sendPage(response, BAD_LINK)
  const show = (told: { readonly problem?: string }): void =>
    sendPage(
      response,
      invitationPage({
        action: path,
        token: parts.cookies.formToken(request, response, path),
        name: user.name,
        ...told,
      }),
    )
  if (request.method !== 'POST') return show({})
  const form = await readOwnForm(parts, exchange)
  const problem = findProblem(form, user.name)
  if (problem !== undefined) return show({ problem })
  const accepted = parts.users.accept(token, await parts.passwords.hash(form.get('password') ?? ''))
  if (accepted === undefined) return sendPage(response, BAD_LINK)
  parts.observer({ type: 'user.changed', change: 'password-set', userId: accepted.id, roles: accepted.roles })
  sendPage(
    response,
    messagePage('Your password is set', 'Go to the program that you want to use, and connect it to this server.'),
  )
}

/** The page on which users change their passwords. It asks for the old one, so a browser left open changes nothing. */
export async function servePassword(parts: ServerParts, exchange: PageExchange): Promise<void> {
  const { request, response, path } = exchange
  const show = (told: { readonly problem?: string; readonly name?: string }): void =>
    sendPage(response, passwordPage({ action: path, token: parts.cookies.formToken(request, response, path), ...told }))
  if (request.method !== 'POST') return show({})
  const form = await readOwnForm(parts, exchange)
  const name = (form.get('name') ?? '').slice(0, 128)
  const outcome = await signIn(parts, exchange, { name, password: form.get('current') ?? '' })
  if ('problem' in outcome) return show({ name, problem: outcome.problem })
  const { user } = outcome
  const problem = findProblem(form, user.name)
  if (problem !== undefined) return show({ name, problem })
  const changed = parts.users.setPassword(user.id, await parts.passwords.hash(form.get('password') ?? ''))
  if (changed === undefined) return show({ name, problem: 'The account is not open any more.' })
  parts.observer({ type: 'user.changed', change: 'password-changed', userId: user.id, roles: user.roles })
  sendPage(response, messagePage('Your password is changed', 'Every program that used your account has to ask again.'))
}

/** Ends the session of the browser. */
export async function serveSignOut(parts: ServerParts, exchange: PageExchange): Promise<void> {
  const { request, response, path } = exchange
  if (request.method !== 'POST') {
    return sendPage(response, signOutPage({ action: path, token: parts.cookies.formToken(request, response, path) }))
  }
  await readOwnForm(parts, exchange)
  const provider = parts.provider()
  await (await provider.Session.get(provider.createContext(request, response))).destroy()
  parts.cookies.forget(response, parts.cookies.session)
  sendPage(response, messagePage('You are signed out', 'You can close this page.'))
}

function findProblem(form: ReadonlyMap<string, string>, name: string): string | undefined {
  const password = form.get('password') ?? ''
  if (password !== form.get('again')) return 'The two new passwords are not the same.'
  return refusePassword(password, name)
}
