import { holderOfKey, type ListedKey, stateOfKey } from '../app/keys/list-keys.ts'
import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'
import { keyIdIn, withoutSecret } from './find-listed-keys.ts'
import type { Principal } from './run-app.ts'
import { suggest } from './suggest.ts'
import { UsageError } from './usage-error.ts'

/** Somebody who might call. */
export interface NamedPrincipal {
  readonly principal: Principal
  /** As a person would say it: `key ci (roles reader)`. */
  readonly text: string
}

/**
 * Finds who is meant by the words of `--as`: `local`, `anonymous`, one key by name or public id, or roles that somebody might
 * hold. `key:` and `role:` before a word say which of the two it is. Throws `UsageError` for what there is not.
 */
export function namePrincipal(config: Config, keys: readonly ListedKey[], given: readonly string[]): NamedPrincipal {
  const words = given.flatMap((each) => each.split(',')).filter((word) => word !== '')
  const [only = '', ...more] = words
  if (words.length === 0) throw new UsageError('--as names nobody.', 'Name a role, a key, local or anonymous.')
  if (more.length > 0) return roleHolder(words.map((word) => requireRole(config, keys, word)))
  if (only === 'local' || only === 'anonymous') return knownPrincipal(config, only)
  const found = findKeys(keys, only)
  const isRole = Object.hasOwn(config.access.roles, only)
  if (found.length > 0 && isRole) {
    throw new UsageError(`There is a key \`${only}\` and a role \`${only}\`.`, `Write key:${only} or role:${only}.`)
  }
  const [key, ...others] = found
  if (key === undefined) return roleHolder([requireRole(config, keys, only)])
  if (others.length === 0) return keyHolder(key)
  throw new UsageError(
    `There are ${found.length} keys \`${key.name}\`.`,
    `Write the public id of one: ${found.map(({ id }) => `tg_${id}`).join(', ')}.`,
  )
}

function findKeys(keys: readonly ListedKey[], word: string): readonly ListedKey[] {
  if (word.startsWith('role:')) return []
  const bare = word.startsWith('key:') ? word.slice('key:'.length) : word
  const id = keyIdIn(bare)
  const byId = keys.filter((key) => key.id === id)
  if (byId.length > 0) return byId
  const named = keys.filter(({ name }) => name === bare)
  const usable = named.filter((key) => stateOfKey(key, Date.now()) !== 'revoked')
  const [last = named.at(-1)] = usable.slice(-1)
  // Two keys of one client are one caller.
  const clients = new Set(usable.map(({ id: own, clientId = own }) => clientId))
  return clients.size > 1 ? usable : last === undefined ? [] : [last]
}

function requireRole({ access }: Config, keys: readonly ListedKey[], word: string): string {
  const roles = Object.keys(access.roles)
  const role = word.startsWith('role:') ? word.slice('role:'.length) : word
  if (!word.startsWith('key:') && roles.includes(role)) return role
  const known = [...roles, ...keys.map(({ name }) => name), 'local', 'anonymous']
  const [, bare = word] = /^(?:key|role):(.*)$/.exec(word) ?? []
  const otherwise =
    roles.length === 0 ? 'The configuration has no roles.' : `The configuration has: ${roles.join(', ')}.`
  throw new UsageError(`There is no role and no key \`${withoutSecret(word)}\`.`, suggest(bare, known, otherwise))
}

function roleHolder(roles: readonly string[]): NamedPrincipal {
  const text = `role ${roles.join(', ')}`
  return { principal: { id: `role:${roles.join(',')}`, name: text, kind: 'api-key', roles }, text }
}

function keyHolder(key: ListedKey): NamedPrincipal {
  return { principal: holderOfKey(key), text: `key ${key.name} (roles ${key.roles.join(', ')})` }
}

function knownPrincipal({ access }: Config, kind: 'local' | 'anonymous'): NamedPrincipal {
  const grant = access[kind]
  if (grant !== undefined)
    return { principal: { id: kind, name: kind, kind, ...grant }, text: `${kind} (roles ${grant.roles.join(', ')})` }
  throw new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: `The configuration lets no ${kind} caller in.`,
    hint: `Write access.${kind}: { roles: [ROLE] }.`,
  })
}
