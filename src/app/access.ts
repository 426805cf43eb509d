import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'
import { createApiKeyAuthenticator } from '../identity/api-key-authenticator.ts'
import type { Authenticator } from '../identity/authenticator.ts'
import { anonymousPrincipal, localPrincipal } from '../identity/known-principals.ts'
import type { Pepper } from '../identity/pepper.ts'
import type { Principal } from '../identity/principal.ts'
import type { Observer } from '../observe/observation.ts'
import type { KeyStore, StoredKey } from '../storage/key-store.ts'

/** Who may be let in, and as whom. */
export interface Access {
  readonly authenticator: Authenticator
  readonly anonymous: Principal | undefined
  /** Who a caller in the same process or over stdio is; `undefined` when the configuration names nobody. */
  readonly local: Principal | undefined
  /** Throws `NOT_CONFIGURED` when nobody could ever be let in over HTTP at this host. */
  requireHttp(host: string): void
  /** The local principal. Throws `NOT_CONFIGURED` when there is none. */
  requireLocal(): Principal
}

interface Parts {
  readonly pepper: Pepper
  readonly store: KeyStore
  /** Keys of this process alone. */
  readonly keys: readonly StoredKey[]
  readonly clock: () => number
  readonly observer: Observer
}

/** Reads the configuration's `access`. No file is touched before somebody has to be let in. */
export function createAccess(config: Config, { pepper, store, keys, clock, observer }: Parts): Access {
  const { access } = config
  const known = [...access.keys, ...keys]
  const anonymous = access.anonymous === undefined ? undefined : anonymousPrincipal(access.anonymous)
  const local = access.local === undefined ? undefined : localPrincipal(access.local)
  return {
    authenticator: createApiKeyAuthenticator({ pepper, keys: known, stores: [store], clock, observer }),
    anonymous,
    local,
    requireHttp(host) {
      if (anonymous !== undefined && !isLoopback(host)) throw anonymousEverywhere(host)
      const hasSignIn = access.oauth?.embedded !== undefined
      if (anonymous === undefined && !hasSignIn && known.length === 0 && store.list().length === 0)
        throw nobodyOverHttp()
    },
    requireLocal() {
      if (local !== undefined) return local
      throw nobodyLocal()
    },
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

function nobodyOverHttp(): ToolgateError {
  return new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: 'No API key is configured, so nobody could be let in over HTTP.',
    hint: 'Make one with `toolgate keys new --name NAME --role ROLE`, or serve over --stdio.',
  })
}

function anonymousEverywhere(host: string): ToolgateError {
  return new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: `access.anonymous lets everybody in, so it is for loopback alone, not for ${host}.`,
    hint: 'Remove access.anonymous and make keys, or listen on 127.0.0.1.',
  })
}

function nobodyLocal(): ToolgateError {
  return new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: 'The configuration does not say who a local caller is, so nothing may be called over stdio.',
    hint: 'Write access.local: { roles: [ROLE] }.',
  })
}
