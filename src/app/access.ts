import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'
import { createApiKeyAuthenticator } from '../identity/api-key-authenticator.ts'
import { type Authenticator, isRefusal } from '../identity/authenticator.ts'
import type { KeyUses } from '../identity/key-uses.ts'
import { anonymousPrincipal, localPrincipal } from '../identity/known-principals.ts'
import type { Pepper } from '../identity/pepper.ts'
import type { Principal } from '../identity/principal.ts'
import type { Refusal } from '../identity/refusal.ts'
import type { Observer } from '../observe/observation.ts'
import type { KeyStore, StoredKey } from '../storage/key-store.ts'

/** Who may be let in, and as whom. */
export interface Access {
  readonly authenticator: Authenticator
  readonly anonymous: Principal | undefined
  /** Who a caller in the same process or over stdio is; `undefined` when the configuration names nobody. */
  readonly local: Principal | undefined
  /** Whether a local caller who was let in would be let in still. */
  isValid(principal: Principal): boolean
  /** Throws `NOT_CONFIGURED` when nobody could ever be let in over HTTP at this host. */
  requireHttp(host: string): void
  /** The principal of a key, or of the configuration. Throws `UNAUTHENTICATED`, and `NOT_CONFIGURED` when there is none. */
  requireLocal(key: string | undefined): Principal
}

interface Parts {
  readonly pepper: Pepper
  readonly store: KeyStore
  /** Keys of this process alone. */
  readonly keys: readonly StoredKey[]
  readonly uses: KeyUses
  readonly clock: () => number
  readonly observer: Observer
}

/** Reads the configuration's `access`. No file is touched before somebody has to be let in. */
export function createAccess(config: Config, { pepper, store, keys, uses, clock, observer }: Parts): Access {
  const { access } = config
  const known = [...access.keys, ...keys]
  const anonymous = access.anonymous === undefined ? undefined : anonymousPrincipal(access.anonymous)
  const local = access.local === undefined ? undefined : localPrincipal(access.local)
  const keyHeader = access.keyHeader?.toLowerCase()
  const parts = { pepper, keys: known, stores: [store], uses, keyHeader, clock, observer }
  const authenticator = createApiKeyAuthenticator(parts)
  return {
    authenticator,
    anonymous,
    local,
    isValid: (principal) =>
      authenticator.isValid(principal) && (principal.expiresAt === undefined || principal.expiresAt > clock()),
    requireHttp(host) {
      if (anonymous !== undefined && !isLoopback(host)) throw anonymousEverywhere(host)
      const hasSignIn = access.oauth?.embedded !== undefined
      if (anonymous === undefined && !hasSignIn && known.length === 0 && store.list().length === 0)
        throw nobodyOverHttp()
      requireClasses(config, store)
    },
    requireLocal(key) {
      if (key !== undefined && key !== '') return requireHolder(authenticator.authenticateKey(key, '127.0.0.1'))
      if (local !== undefined) return local
      throw nobodyLocal(Object.keys(access.roles))
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

function nobodyLocal(roles: readonly string[]): ToolgateError {
  const role = roles[0] ?? 'ROLE'
  return new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: 'Nothing says who a caller over stdio is, so nothing may be called.',
    hint: [
      `In the config file: access.local: { roles: [${role}] }.`,
      `On the command line: --as ${role}, or --as and the name of a key.`,
      'In the environment: TOOLGATE_KEY with a key.',
      ...(roles.length === 0 ? ['The configuration has no roles: write one under access.roles first.'] : []),
    ].join('\n'),
  })
}

/** Somebody who gives a key means its rights: one that is wrong must not leave them with those of the local caller. */
function requireHolder(answer: Principal | Refusal): Principal {
  if (!isRefusal(answer)) return answer
  throw new ToolgateError({
    code: answer.error.code,
    message: `The key in TOOLGATE_KEY lets nobody in: ${answer.reason}.`,
    hint: 'Give another key, or unset TOOLGATE_KEY.',
  })
}

/** A key whose class is gone would be bounded by something else than somebody meant. */
function requireClasses({ limits }: Config, store: KeyStore): void {
  const lost = listClasses(store).find(({ rateClass = '' }) => !Object.hasOwn(limits.classes, rateClass))
  if (lost === undefined) return
  throw new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `The key "${lost.name}" has the rate class \`${lost.rateClass}\`, which limits.classes does not have.`,
    hint: 'Write the class under limits.classes, or revoke the key.',
  })
}

/** A storage that cannot be read refuses its keys until it can, and keeps nobody from starting. */
function listClasses(store: KeyStore): readonly StoredKey[] {
  try {
    return store.list().filter(({ rateClass, revokedAt }) => rateClass !== undefined && revokedAt === undefined)
  } catch {
    return []
  }
}
