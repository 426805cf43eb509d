import { ToolgateError } from '../../errors.ts'
import type { StoredKey } from '../key-store.ts'

type Row = Readonly<Record<string, unknown>>

/** What is stored as JSON in one column: nothing is looked for by it. */
const MORE = ['scopes', 'claims', 'allowFrom', 'rateClass'] as const

/** The values of a row of `api_keys`, in the order of its columns. */
export function toValues(key: StoredKey): readonly (string | null)[] {
  const { id, clientId = id, name, hash, roles, tenant = null, createdAt, expiresAt = null } = key
  const { revokedAt = null, revokedFor = null, usedAt = null } = key
  const more = Object.fromEntries(MORE.filter((field) => key[field] !== undefined).map((field) => [field, key[field]]))
  const rights = [JSON.stringify(roles), tenant, JSON.stringify(more)]
  return [id, clientId, name, hash, ...rights, createdAt, expiresAt, revokedAt, revokedFor, usedAt]
}

/** The key of a row. Throws `STORAGE_FAILED` when what it may do cannot be read. */
export function toKey(row: Row): StoredKey {
  const id = String(row.id)
  const { scopes, claims, allowFrom, rateClass } = toMore(row)
  return {
    id,
    ...(row.client_id === id ? {} : { clientId: String(row.client_id) }),
    name: String(row.name),
    hash: String(row.hash),
    roles: toRoles(row),
    ...textOf(row, 'tenant', 'tenant'),
    ...(scopes === undefined ? {} : { scopes }),
    ...(claims === undefined ? {} : { claims }),
    ...(allowFrom === undefined ? {} : { allowFrom }),
    ...(rateClass === undefined ? {} : { rateClass }),
    createdAt: String(row.created_at),
    ...textOf(row, 'expires_at', 'expiresAt'),
    ...textOf(row, 'revoked_at', 'revokedAt'),
    ...textOf(row, 'revoked_for', 'revokedFor'),
    ...textOf(row, 'used_at', 'usedAt'),
  }
}

function textOf<Field extends string>(row: Row, column: string, field: Field): Partial<Record<Field, string>> {
  const value = row[column]
  return typeof value === 'string' ? ({ [field]: value } as Record<Field, string>) : {}
}

/** Roles that cannot be read must not be taken for none, nor for those of a guess. */
function toRoles(row: Row): readonly string[] {
  const roles: unknown = parse(String(row.roles))
  if (isTexts(roles)) return roles
  throw damaged('roles', row)
}

/** Nor must a limit that cannot be read be taken for no limit. */
function toMore(row: Row): Pick<StoredKey, (typeof MORE)[number]> {
  const more = parse(String(row.more))
  if (typeof more !== 'object' || more === null) throw damaged('limits', row)
  const { scopes, allowFrom, rateClass, claims } = more as Row
  const isRight =
    [scopes, allowFrom].every((texts) => texts === undefined || isTexts(texts)) &&
    (rateClass === undefined || typeof rateClass === 'string') &&
    (claims === undefined || (typeof claims === 'object' && claims !== null))
  if (isRight) return more
  throw damaged('limits', row)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function damaged(what: string, row: Row): ToolgateError {
  return new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `The ${what} of the key "${String(row.name)}" in storage are damaged.`,
    hint: 'Restore the storage from a backup, or make a new key.',
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
