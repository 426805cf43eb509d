import { ToolgateError } from '../errors.ts'
import { writeChallenge } from './challenge.ts'

/** A credential that lets nobody in. What is told is the same for every wrong key; `reason` differs. */
export interface Refusal {
  readonly kind: 'refused'
  /** Why, for the log alone. */
  readonly reason: string
  /** What the caller is told; its code gives the HTTP status. */
  readonly error: ToolgateError
  /** The value of `WWW-Authenticate`, where the status wants one. */
  readonly challenge?: string
  /** Seconds until another attempt is answered, where there were too many. */
  readonly retryAfterSeconds?: number
  /** A nonce for the next proof (RFC 9449 §9). */
  readonly dpopNonce?: string
}

const HEADER_HINT = 'Send it as `Authorization: Bearer tg_…`.'

const missing = new ToolgateError({
  code: 'UNAUTHENTICATED',
  message: 'This server wants an API key.',
  hint: `${HEADER_HINT} \`toolgate keys new\` makes one.`,
})

const invalid = new ToolgateError({
  code: 'UNAUTHENTICATED',
  message: 'The API key is not valid.',
  hint: 'Check that the whole key was sent; `toolgate keys new` makes a new one.',
})

const repeated = new ToolgateError({
  code: 'BAD_REQUEST',
  message: 'The request has more than one Authorization header.',
  hint: 'Send one.',
})

const inUrl = new ToolgateError({
  code: 'BAD_REQUEST',
  message: 'The URL carries a credential.',
  hint: `${HEADER_HINT} URLs end up in logs, so take the one in the URL for leaked and make a new one.`,
})

const unavailable = new ToolgateError({
  code: 'STORAGE_FAILED',
  message: 'API keys cannot be checked at the moment.',
  hint: "Try again later; the server's log has the cause.",
})

/** For a request without any credential, where nobody may come without one. */
export const missingCredential: Refusal = Object.freeze({
  kind: 'refused',
  reason: 'no credential',
  error: missing,
  challenge: writeChallenge(),
})

/** Another scheme than `Bearer` was tried (RFC 6750 §3.1: to be answered as if nothing had been sent). */
export const unsupportedScheme: Refusal = Object.freeze({ ...missingCredential, reason: 'not a bearer token' })

/** Two `Authorization` headers: which of them a proxy in front has checked nobody knows. */
export const repeatedCredential: Refusal = Object.freeze({
  kind: 'refused',
  reason: 'two Authorization headers',
  error: repeated,
  challenge: writeChallenge({ error: 'invalid_request' }),
})

/** A credential in the query of the URL. */
export const credentialInUrl: Refusal = Object.freeze({
  kind: 'refused',
  reason: 'credential in the URL',
  error: inUrl,
  challenge: writeChallenge({ error: 'invalid_request' }),
})

/** The keys cannot be read, so nobody whose key must be looked up is let in. */
export const keysUnavailable: Refusal = Object.freeze({
  kind: 'refused',
  reason: 'the keys cannot be read',
  error: unavailable,
})

const invalidChallenge = writeChallenge({ error: 'invalid_token' })

/** A key that is malformed, unknown or wrong: told alike, so that an answer says nothing about which ids exist. */
export function invalidCredential(reason: string): Refusal {
  return { kind: 'refused', reason, error: invalid, challenge: invalidChallenge }
}

const badCertificate = new ToolgateError({
  code: 'UNAUTHENTICATED',
  message: 'The client certificate lets nobody in.',
  hint: 'Send a certificate that is valid and that this server knows, or an API key.',
})

/** A certificate that is revoked, expired, foreign or of nobody: told alike. */
export function invalidCertificate(reason: string): Refusal {
  return {
    kind: 'refused',
    reason: `client certificate: ${reason}`,
    error: badCertificate,
    challenge: missingCredential.challenge ?? '',
  }
}

/** A wrong key from an address that has sent many. */
export function tooManyFailures(reason: string, retryAfterSeconds: number): Refusal {
  return { kind: 'refused', reason, error: errorToWait(retryAfterSeconds), retryAfterSeconds }
}

const errorsToWait = new Map<number, ToolgateError>()

/** Made once for each number of seconds: an error made anew costs more than all the rest of refusing a flood. */
function errorToWait(seconds: number): ToolgateError {
  const known = errorsToWait.get(seconds)
  if (known !== undefined) return known
  const error = new ToolgateError({
    code: 'RATE_LIMITED',
    message: 'Too many wrong API keys came from this address.',
    hint: `Try again in ${seconds} s with a valid key.`,
    data: { retryAfter: seconds },
  })
  errorsToWait.set(seconds, error)
  return error
}
