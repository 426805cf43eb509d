/** What a 401, 403 or 400 says about the credential that is needed (RFC 6750 §3). */
export interface Challenge {
  /** Absent when no credential was sent (RFC 6750 §3.1: nothing is told to whoever did not try). */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  /** For the developer of the client. */
  readonly description?: string
  /** What the credential lacks (RFC 6750 §3). */
  readonly scope?: string
}

const REALM = 'toolgate'

/**
 * The value of `WWW-Authenticate`.
 *
 * @example writeChallenge({ error: 'invalid_token' }) // Bearer realm="toolgate", error="invalid_token"
 */
export function writeChallenge(challenge: Challenge = {}): string {
  const parameters = [`realm=${quote(REALM)}`]
  if (challenge.error !== undefined) parameters.push(`error=${quote(challenge.error)}`)
  if (challenge.description !== undefined) parameters.push(`error_description=${quote(challenge.description)}`)
  if (challenge.scope !== undefined) parameters.push(`scope=${quote(challenge.scope)}`)
  return `Bearer ${parameters.join(', ')}`
}

/** RFC 6750 §3 allows printable ASCII without `"` and `\`; anything else would break the header or be a new one. */
function quote(text: string): string {
  return `"${text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?')}"`
}
