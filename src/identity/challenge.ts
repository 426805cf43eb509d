/** What a 401, 403 or 400 says about the credential that is needed (RFC 6750 §3, RFC 9449 §7.1). */
export interface Challenge {
  readonly scheme?: 'Bearer' | 'DPoP'
  /** Absent when no credential was sent (RFC 6750 §3.1: nothing is told to whoever did not try). */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'use_dpop_nonce'
  /** For the developer of the client. */
  readonly description?: string
  /** What the credential lacks (RFC 6750 §3). */
  readonly scope?: string
  /** Where it is said who issues such credentials (RFC 9728 §5.1). */
  readonly resourceMetadata?: string
  /** Algorithms of proofs, with spaces (RFC 9449 §7.1). */
  readonly algorithms?: string
}

const REALM = 'toolgate'

/**
 * The value of `WWW-Authenticate`.
 *
 * @example writeChallenge({ error: 'invalid_token' }) // Bearer realm="toolgate", error="invalid_token"
 */
export function writeChallenge(challenge: Challenge = {}): string {
  const given: readonly (readonly [string, string | undefined])[] = [
    ['realm', REALM],
    ['error', challenge.error],
    ['error_description', challenge.description],
    ['scope', challenge.scope],
    ['resource_metadata', challenge.resourceMetadata],
    ['algs', challenge.algorithms],
  ]
  const parameters = given.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quote(value)}`]))
  return `${challenge.scheme ?? 'Bearer'} ${parameters.join(', ')}`
}

/** RFC 6750 §3 allows printable ASCII without `"` and `\`; anything else would break the header or be a new one. */
function quote(text: string): string {
  return `"${text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?')}"`
}
