import { allRevoked, nameTaken, tooManyLiveKeys } from '../key-failures.ts'
import { type KeyStore, MAX_LIVE_KEYS, type StoredKey } from '../key-store.ts'
import { toKey, toValues } from './key-row.ts'
import type { Prepare, StorageFile } from './storage-file.ts'

const COLUMNS =
  'id, client_id, name, hash, roles, tenant, more, created_at, expires_at, revoked_at, revoked_for, used_at'
const FIND = `SELECT ${COLUMNS} FROM api_keys WHERE id = ?`
const LIST = `SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, id`
const HAS = 'SELECT id FROM api_keys WHERE id = ?'
const SAME_NAME = 'SELECT id FROM api_keys WHERE name = ? AND client_id <> ? AND (revoked_at IS NULL OR revoked_at > ?)'
const ADD = `INSERT INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const OF_CLIENT = `SELECT ${COLUMNS} FROM api_keys WHERE client_id = ? AND (revoked_at IS NULL OR revoked_at > ?)
  ORDER BY created_at, id`
const END = `UPDATE api_keys SET revoked_at = ?1, revoked_for = 'rotated'
  WHERE id = ?2 AND (revoked_at IS NULL OR revoked_at > ?1)`
const COUNT_LIVE = `SELECT count(*) AS live FROM api_keys WHERE client_id = ?1
  AND (revoked_at IS NULL OR revoked_at > ?2) AND (expires_at IS NULL OR expires_at > ?2)`
const REVOKE = `UPDATE api_keys SET revoked_at = ?1, revoked_for = ?2
  WHERE id = ?3 AND (revoked_at IS NULL OR revoked_at > ?1)`
const USE = 'UPDATE api_keys SET used_at = ?1 WHERE id = ?2 AND (used_at IS NULL OR used_at < ?1)'
const OLD = `SELECT ${COLUMNS} FROM api_keys WHERE revoked_at <= ? ORDER BY created_at, id`
const FORGET = 'DELETE FROM api_keys WHERE revoked_at <= ?'

/** Keys in the embedded storage. */
export function createSqliteKeyStore(file: StorageFile): KeyStore {
  return {
    find: (id) => file.read((prepare) => findKey(prepare, id), undefined),
    add: (key) => file.write((prepare) => add(prepare, key)),
    list: () => file.read<readonly StoredKey[]>((prepare) => prepare(LIST).all().map(toKey), []),
    rotate: ({ key, endsAt }) =>
      file.write((prepare) => {
        const own = prepare(OF_CLIENT).all(key.clientId, key.createdAt).map(toKey)
        if (own.length === 0) throw allRevoked(key.name)
        for (const { id } of own) prepare(END).run(endsAt, id)
        const live = Number(prepare(COUNT_LIVE).get(key.clientId, key.createdAt)?.live)
        if (live >= MAX_LIVE_KEYS) throw tooManyLiveKeys(key.name)
        add(prepare, key)
        return own.map(({ id }) => findKey(prepare, id)).filter((ended) => ended !== undefined)
      }),
    revoke: (id, { at, reason = null }) =>
      file.write((prepare) => {
        prepare(REVOKE).run(at, reason, id)
        return findKey(prepare, id)
      }),
    noteUses: (uses) =>
      file.write((prepare) => {
        for (const [id, usedAt] of uses) prepare(USE).run(usedAt, id)
      }),
    sweep: (before) =>
      file.write((prepare) => {
        const swept = prepare(OLD).all(before).map(toKey)
        prepare(FORGET).run(before)
        return swept
      }),
  }
}

function findKey(prepare: Prepare, id: string): StoredKey | undefined {
  const row = prepare(FIND).get(id)
  return row === undefined ? undefined : toKey(row)
}

function add(prepare: Prepare, key: StoredKey): void {
  const { id, clientId = id, name, createdAt } = key
  if (prepare(HAS).get(id) !== undefined) throw nameTaken('id', id)
  if (prepare(SAME_NAME).get(name, clientId, createdAt) !== undefined) throw nameTaken('name', name)
  prepare(ADD).run(...toValues(key))
}
