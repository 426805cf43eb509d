import { looksLikeApiKey } from './api-key.ts'
import type { Authenticator } from './authenticator.ts'
import { readOneCredential } from './one-credential.ts'
import type { Principal } from './principal.ts'

/** Who checks which kind of credential. */
export interface Authenticators {
  readonly keys: Authenticator
  /** Access tokens. */
  readonly oauth?: Authenticator | undefined
  /** The certificate of the connection, which counts where no other credential was sent. */
  readonly certificate?: Authenticator | undefined
}

/**
 * One authenticator out of several: which of them is asked follows from the shape of the one credential of a request, before
 * anything in it is believed, and no other is asked after it. A credential that is there but wrong never falls back to a certificate.
 */
export function chooseAuthenticator({ keys, oauth, certificate }: Authenticators): Authenticator {
  if (oauth === undefined && certificate === undefined) return keys
  const byKind: Readonly<Partial<Record<Principal['kind'], Authenticator | undefined>>> = {
    'api-key': keys,
    oauth,
    certificate,
  }
  return {
    authenticate(credentials) {
      const sent = readOneCredential(credentials)
      if (sent === undefined) return certificate?.authenticate(credentials)
      if ('kind' in sent) return sent
      const isKey = sent.scheme === 'bearer' && looksLikeApiKey(sent.token)
      return (isKey ? keys : (oauth ?? keys)).authenticate(credentials)
    },
    isValid(principal) {
      const { kind } = principal
      if (kind !== 'api-key' && kind !== 'oauth' && kind !== 'certificate') return true
      // Whoever nobody answers for any more is not let in any more.
      const own = byKind[kind]
      return own !== undefined && (own.isValid?.(principal) ?? true)
    },
  }
}
