import { looksLikeApiKey } from './api-key.ts'
import type { Authenticator } from './authenticator.ts'
import { headerValues } from './credentials.ts'
import { readOneCredential } from './one-credential.ts'

/** Who checks which kind of credential. */
export interface Authenticators {
  readonly keys: Authenticator
  /** A header in which keys are taken beside `Authorization`, in lower case. */
  readonly keyHeader?: string | undefined
  /** Access tokens. */
  readonly oauth?: Authenticator | undefined
}

/**
 * One authenticator out of two: which of them is asked follows from the shape of the one credential of a request, before
 * anything in it is believed, and the other is not asked after it.
 */
export function chooseAuthenticator({ keys, keyHeader, oauth }: Authenticators): Authenticator {
  if (oauth === undefined) return keys
  return {
    authenticate(credentials) {
      // Keys in a header of their own are there for keys alone, and refused beside anything else.
      if (keyHeader !== undefined && headerValues(credentials.rawHeaders, keyHeader).length > 0) {
        return keys.authenticate(credentials)
      }
      const sent = readOneCredential(credentials)
      if (sent === undefined || 'kind' in sent) return sent
      const isKey = sent.scheme === 'bearer' && looksLikeApiKey(sent.token)
      return (isKey ? keys : oauth).authenticate(credentials)
    },
    isValid(principal) {
      return (principal.kind === 'oauth' ? oauth : keys).isValid?.(principal) ?? true
    },
  }
}
