import { ToolgateError } from '../../errors.ts'
import type { KeyStore, StoredKey } from '../key-store.ts'
import { nameTaken } from '../name-taken.ts'
import type { StorageFile } from './storage-file.ts'

const COLUMNS = 'id, name, hash, roles, tenant, created_at, expires_at'
const FIND = `SELECT ${COLUMNS} FROM api_keys WHERE id = ?`
const LIST = `SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, id`
const CLASH = 'SELECT id, name FROM api_keys WHERE id = ? OR name = ?'
const ADD = `INSERT INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`

type Row = Readonly<Record<string, unknown>>

/** Keys in the embedded storage. */
export function createSqliteKeyStore(file: StorageFile): KeyStore {
  return {
    find: (id) =>
      file.read((prepare) => {
        const row = prepare(FIND).get(id)
        return row === undefined ? undefined : toKey(row)
      }, undefined),
    add: (key) =>
      file.write((prepare) => {
        const clash = prepare(CLASH).get(key.id, key.name)
        if (clash !== undefined) throw clash.id === key.id ? nameTaken('id', key.id) : nameTaken('name', key.name)
        const { id, name, hash, roles, tenant = null, createdAt, expiresAt = null } = key
        prepare(ADD).run(id, name, hash, JSON.stringify(roles), tenant, createdAt, expiresAt)
      }),
    list: () => file.read<readonly StoredKey[]>((prepare) => prepare(LIST).all().map(toKey), []),
  }
}

function toKey(row: Row): StoredKey {
  const { tenant, expires_at: expiresAt } = row
  return {
    id: String(row.id),
    name: String(row.name),
    hash: String(row.hash),
    roles: toRoles(row),
    ...(typeof tenant === 'string' ? { tenant } : {}),
    createdAt: String(row.created_at),
    ...(expiresAt === null ? {} : { expiresAt: String(expiresAt) }),
  }
}

/** Roles that cannot be read must not be taken for none, nor for those of a guess. */
function toRoles(row: Row): readonly string[] {
  const roles: unknown = parse(String(row.roles))
  if (Array.isArray(roles) && roles.every((role) => typeof role === 'string')) return roles
  throw new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `The roles of the key "${String(row.name)}" in storage are damaged.`,
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
