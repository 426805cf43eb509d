import { type Credentials, carriesCredential, schemeCredential } from './credentials.ts'
import * as refusals from './refusal.ts'

/** The one credential of a request, by its shape alone. */
export interface SentCredential {
  readonly scheme: 'bearer' | 'dpop' | 'other'
  readonly token: string
}

/**
 * The credential in the `Authorization` header, a refusal where there are several or one stands in the URL, or `undefined` where
 * there is none. Which of two a proxy in front has checked nobody knows.
 */
export function readOneCredential(credentials: Credentials): SentCredential | refusals.Refusal | undefined {
  const { authorization, query } = credentials
  if (query !== '' && carriesCredential(query)) return refusals.credentialInUrl
  const header = authorization[0]
  if (header === undefined) return undefined
  if (authorization.length > 1) return refusals.repeatedCredential
  return schemeCredential(header) ?? { scheme: 'other', token: '' }
}
