import type { StoredUser } from '../storage/user-store.ts'
import { addressOf } from './client-address.ts'
import type { PageExchange, ServerParts } from './server-parts.ts'
import { canonicalName, checkPassword } from './users.ts'

/** Who signed in, or what the form is to say. */
export type SignInOutcome = { readonly user: StoredUser } | { readonly problem: string }

const WRONG = 'The user name or the password is wrong.'
const BUSY = 'Too many people sign in at the moment. Try again in some seconds.'

/**
 * Checks a name and a password. An unknown name, a wrong password, a locked user and one without a password get the same
 * answer after the same work. Whoever guesses is slowed down by network; the owner is not (see `createSignInAttempts`).
 */
export async function signIn(
  parts: ServerParts,
  { request }: PageExchange,
  given: { readonly name: string; readonly password: string },
): Promise<SignInOutcome> {
  const { users, attempts, cookies, observer, wait } = parts
  const name = canonicalName(given.name)
  const address = addressOf(request)
  const isKnownDevice = cookies.isKnownDevice(request, users.named(name)?.id)
  const attempt = { name, address, isKnownDevice }
  const seconds = attempts.waitSeconds(attempt)
  if (seconds > 0) return { problem: `Too many wrong passwords. Try again in ${seconds} s.` }
  const heldMs = attempts.delayMs(attempt)
  if (heldMs > 0) await wait(heldMs)
  const checked = await checkPassword(parts, name, given.password)
  if (checked === undefined) return { problem: BUSY }
  if (checked.user !== undefined) return { user: checked.user }
  attempts.fail(attempt)
  observer({ type: 'auth.refused', reason: 'wrong user name or password', address, code: 'UNAUTHENTICATED' })
  return { problem: WRONG }
}
