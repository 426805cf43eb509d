import { ToolgateError } from '../errors.ts'
import { writeChallenge } from './challenge.ts'
import { bearerToken, type Credentials, headerValues } from './credentials.ts'
import { type Refusal, repeatedCredential, unsupportedScheme } from './refusal.ts'

/** Two credentials: which of them a proxy in front has checked nobody knows. */
const twoCredentials: Refusal = Object.freeze({
  kind: 'refused',
  reason: 'two credentials',
  error: new ToolgateError({
    code: 'BAD_REQUEST',
    message: 'The request has more than one credential.',
    hint: 'Send the API key once, in one header.',
  }),
  challenge: writeChallenge({ error: 'invalid_request' }),
})

/**
 * The text that is sent as a key: that of `Authorization: Bearer`, or of the configured header (its name in lower case).
 * `undefined` when neither is there; a refusal for both, for one of them twice and for another scheme.
 */
export function keyOf(credentials: Credentials, keyHeader: string | undefined): string | Refusal | undefined {
  const { authorization, rawHeaders } = credentials
  const [header, secondHeader] = authorization
  const [own, secondOwn] = keyHeader === undefined ? [] : headerValues(rawHeaders, keyHeader)
  if (secondHeader !== undefined) return repeatedCredential
  if (secondOwn !== undefined || (own !== undefined && header !== undefined)) return twoCredentials
  if (header === undefined) return own
  return bearerToken(header) ?? unsupportedScheme
}
