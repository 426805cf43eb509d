import type { Credentials } from './credentials.ts'
import type { Principal } from './principal.ts'
import type { Refusal } from './refusal.ts'

/** Who sends a request; why nobody is let in with what it sends; or `undefined` when it carries no credential at all. */
export type Authentication = Principal | Refusal | undefined

/**
 * Finds out who calls. A credential that is there but wrong is always a `Refusal`, never `undefined`, so that it cannot
 * pass for a caller who may come without one. `authenticatorSuite` in toolgate/testkit is the contract as tests.
 */
export interface Authenticator {
  /** Never throws and never rejects. Answers at once where it can: this is on the path of every request. */
  authenticate(credentials: Credentials): Authentication | Promise<Authentication>
  /**
   * Whether a principal that was let in would be let in still. It is asked of those with open streams, every ten seconds.
   * Without it their streams end with `expiresAt` alone. Never throws and never rejects.
   */
  readonly isValid?: (principal: Principal) => boolean | Promise<boolean>
}

/** Whether an answer lets nobody in. */
export function isRefusal(answer: Authentication): answer is Refusal {
  return answer !== undefined && answer.kind === 'refused'
}
