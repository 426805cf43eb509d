import type { InteractionResults } from 'oidc-provider'
import { BASE_SCOPE } from './clients.ts'
import { sendPage } from './pages/layout.ts'
import { consentPage, signInPage } from './pages/pages.ts'
import { ROUTES } from './provider-config.ts'
import { readOwnForm } from './read-own-form.ts'
import type { PageExchange, ServerParts } from './server-parts.ts'
import { signIn } from './sign-in.ts'

type Provider = ReturnType<ServerParts['provider']>
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** One step of an authorization request, with what is known of who asks. */
interface Step {
  readonly provider: Provider
  readonly details: Interaction
  readonly clientName: string
  /** Whether it gets a refresh token. */
  readonly goesOn: boolean
  readonly redirectUri: URL
  /** As CSP names it. */
  readonly formTarget: string
}

/** Shows and takes the forms on which a user signs in and agrees. The step is bound to the browser by a signed cookie. */
export async function serveInteraction(parts: ServerParts, exchange: PageExchange): Promise<void> {
  const step = await readStep(parts, exchange)
  const isConsent = step.details.prompt.name === 'consent'
  if (exchange.request.method === 'POST') {
    const form = await readOwnForm(parts, exchange)
    if (form.get('do') === 'cancel' || form.get('do') === 'deny') await finish(exchange, step, DENIED)
    else if (isConsent) await takeConsent(parts, exchange, step, form.get('do'))
    else await takeSignIn(parts, exchange, step, form)
  } else if (isConsent) showConsent(parts, exchange, step)
  else showSignIn(parts, exchange, step, {})
}

const DENIED: InteractionResults = { error: 'access_denied', error_description: 'the user did not agree' }

async function readStep(parts: ServerParts, { request, response, path }: PageExchange): Promise<Step> {
  const provider = parts.provider()
  const details = await provider.interactionDetails(request, response)
  const client = await provider.Client.find(String(details.params.client_id))
  if (path !== `${ROUTES.interaction}/${details.uid}` || client === undefined) {
    throw new parts.oidc.errors.SessionNotFound('another step')
  }
  const redirectUri = new URL(String(details.params.redirect_uri))
  // CSP knows no IPv6 addresses.
  const formTarget = redirectUri.hostname.startsWith('[') ? redirectUri.protocol : redirectUri.origin
  const goesOn = client.grantTypeAllowed('refresh_token')
  return { provider, details, clientName: client.clientName ?? client.clientId, goesOn, redirectUri, formTarget }
}

function finish({ request, response }: PageExchange, { provider }: Step, result: InteractionResults): Promise<void> {
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
}

function showSignIn(
  { cookies }: ServerParts,
  { request, response, path }: PageExchange,
  { clientName, formTarget, details }: Step,
  told: { readonly name?: string; readonly problem?: string },
): void {
  const { login_hint: hint } = details.params
  const name = told.name ?? (typeof hint === 'string' ? hint.slice(0, 128) : undefined)
  const token = cookies.formToken(request, response, path)
  const given = {
    action: path,
    token,
    client: clientName,
    formTarget,
    ...told,
    ...(name === undefined ? {} : { name }),
  }
  sendPage(response, signInPage(given))
}

async function takeSignIn(
  parts: ServerParts,
  exchange: PageExchange,
  step: Step,
  form: ReadonlyMap<string, string>,
): Promise<void> {
  const name = form.get('name') ?? ''
  const outcome = await signIn(parts, exchange, { name, password: form.get('password') ?? '' })
  if ('problem' in outcome) {
    showSignIn(parts, exchange, step, { name: name.slice(0, 128), problem: outcome.problem })
    return
  }
  const { user } = outcome
  parts.users.signedIn(user.id)
  parts.cookies.rememberDevice(exchange.response, user.id)
  await endOtherSession(step, user.id)
  await finish(exchange, step, { login: { accountId: user.id, amr: ['pwd'], remember: true } })
}

/** Somebody else was signed in with this browser: that session ends before the new one begins. */
async function endOtherSession({ provider, details }: Step, userId: string): Promise<void> {
  const { session } = details
  if (session === undefined || session.accountId === userId) return
  await (await provider.Session.findByUid(session.uid))?.destroy()
  details.session = undefined as never
  await details.persist()
}

function showConsent(parts: ServerParts, { request, response, path }: PageExchange, step: Step): void {
  const { details, clientName, redirectUri, formTarget } = step
  const user = parts.users.active(details.session?.accountId ?? '')
  if (user === undefined) throw new parts.oidc.errors.SessionNotFound('no user')
  const clientId = String(details.params.client_id)
  const isKnown = parts.options.clients.some(({ id }) => id === clientId)
  const isDocument = clientId.startsWith('https://')
  const page = consentPage({
    action: path,
    token: parts.cookies.formToken(request, response, path),
    user: user.name,
    client: clientName,
    origin: isDocument ? new URL(clientId).host : isKnown ? 'Known to this server' : 'Has registered itself',
    isUnverified: !isKnown,
    redirectHost: redirectUri.host,
    isLoopback: ['localhost', '127.0.0.1', '[::1]'].includes(redirectUri.hostname),
    scopes: grantedScopes(parts, details, user.roles).map((scope) => inWords(parts, scope)),
    ...(step.goesOn ? { days: Math.ceil(parts.options.grantMs / 86_400_000) } : {}),
    formTarget,
  })
  sendPage(response, page)
}

async function takeConsent(
  parts: ServerParts,
  exchange: PageExchange,
  step: Step,
  action: string | undefined,
): Promise<void> {
  const { provider, details } = step
  const user = parts.users.active(details.session?.accountId ?? '')
  if (user === undefined) throw new parts.oidc.errors.SessionNotFound('no user')
  if (action === 'switch') {
    await switchAccount(exchange, step)
    return
  }
  if (action !== 'allow') throw new parts.oidc.errors.InvalidRequest('the form says neither yes nor no')
  const clientId = String(details.params.client_id)
  const grant = new provider.Grant({ accountId: user.id, clientId })
  const scopes = grantedScopes(parts, details, user.roles)
  grant.addResourceScope(parts.resource, scopes.join(' '))
  const grantId = await grant.save()
  parts.observer({ type: 'grant.changed', change: 'given', userId: user.id, clientId, scopes })
  await finish(exchange, step, { consent: { grantId } })
}

/** Asks the same again of whoever signs in next. */
async function switchAccount({ response }: PageExchange, { provider, details }: Step): Promise<void> {
  const { session, params } = details
  if (session !== undefined) await (await provider.Session.findByUid(session.uid))?.destroy()
  await details.destroy()
  const again = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...params, prompt: 'login' })) {
    if (typeof value === 'string') again.set(name, value)
  }
  response.writeHead(303, { location: `${ROUTES.authorization}?${again}`, 'cache-control': 'no-store' }).end()
}

/** What was asked for and the user's roles have. */
function grantedScopes(
  { scopesOf }: ServerParts,
  { params }: Interaction,
  roles: readonly string[],
): readonly string[] {
  const asked = new Set(String(params.scope ?? '').split(' '))
  return [BASE_SCOPE, ...scopesOf(roles)].filter((scope) => asked.has(scope))
}

function inWords({ describeScope }: ServerParts, scope: string): string {
  return (
    describeScope(scope) ??
    (scope === BASE_SCOPE ? 'use the tools that are open to you, in your name' : `use what needs ${scope}`)
  )
}
