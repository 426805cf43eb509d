import type { OAuthStore, RecordBound, StoredGrantRecord, StoredSigningKey } from '../oauth-store.ts'
import type { Prepare, StorageFile } from './storage-file.ts'

const COLUMNS = 'model, id, grant_id, account_id, uid, expires_at, consumed_at, data'
const FIND = `SELECT ${COLUMNS} FROM oauth_records WHERE model = ? AND id = ? AND expires_at > ?`
const FIND_BY_UID = `SELECT ${COLUMNS} FROM oauth_records WHERE uid = ? AND model = ? AND expires_at > ?`
const OF_ACCOUNT = `SELECT ${COLUMNS} FROM oauth_records WHERE account_id = ? AND model = ? AND expires_at > ?`
const PUT = `INSERT OR REPLACE INTO oauth_records (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const EXISTS = 'SELECT 1 AS found FROM oauth_records WHERE model = ? AND id = ?'
const COUNT = 'SELECT count(*) AS held FROM oauth_records WHERE model = ?'
const EVICT = `DELETE FROM oauth_records WHERE model = ?1 AND id IN
  (SELECT id FROM oauth_records WHERE model = ?2 ORDER BY expires_at LIMIT 1)`
const EXPIRED = 'SELECT 1 AS found FROM oauth_records WHERE expires_at <= ? LIMIT 1'
const SWEEP = 'DELETE FROM oauth_records WHERE expires_at <= ?'
const OPEN = 'SELECT 1 AS found FROM oauth_records WHERE model = ? AND id = ? AND consumed_at IS NULL'
const CONSUME = 'UPDATE oauth_records SET consumed_at = ? WHERE model = ? AND id = ?'
const REMOVE = 'DELETE FROM oauth_records WHERE model = ? AND id = ?'
const COUNT_GRANT = `SELECT count(*) AS held FROM oauth_records WHERE grant_id = ? OR (model = 'Grant' AND id = ?)`
const REMOVE_GRANT = `DELETE FROM oauth_records WHERE grant_id = ? OR (model = 'Grant' AND id = ?)`
const COUNT_ACCOUNT = `SELECT count(*) AS held FROM oauth_records WHERE account_id = ? AND model = 'Grant'`
const REMOVE_ACCOUNT = 'DELETE FROM oauth_records WHERE account_id = ?'
const KEYS = `SELECT id, wrapped, created_at, retires_at FROM oauth_keys
  WHERE retires_at IS NULL OR retires_at > ? ORDER BY created_at DESC, id`
const NEWER_KEY = 'SELECT 1 AS found FROM oauth_keys WHERE retires_at IS NULL AND created_at > ? LIMIT 1'
const RETIRE = 'UPDATE oauth_keys SET retires_at = min(coalesce(retires_at, ?1), ?2)'
const DROP_KEYS = 'DELETE FROM oauth_keys WHERE retires_at <= ?'
const ADD_KEY = 'INSERT INTO oauth_keys (id, wrapped, created_at) VALUES (?, ?, ?)'

type Row = Readonly<Record<string, unknown>>

/** What the embedded authorization server remembers, in the embedded storage. */
export function createSqliteOAuthStore(file: StorageFile): OAuthStore {
  const readOne = (sql: string, values: readonly (string | number)[]): StoredGrantRecord | undefined =>
    file.read((prepare) => {
      const row = prepare(sql).get(...values)
      return row === undefined ? undefined : toRecord(row)
    }, undefined)
  return {
    put: (record, bound, now) => file.write((prepare) => put(prepare, record, { ...bound, now })),
    add: (record, bound, now) =>
      file.write((prepare) => {
        prepare(SWEEP).run(now)
        if (prepare(EXISTS).get(record.model, record.id) !== undefined) return false
        return put(prepare, record, { ...bound, now })
      }),
    find: (model, id, now) => readOne(FIND, [model, id, now]),
    findByUid: (model, uid, now) => readOne(FIND_BY_UID, [uid, model, now]),
    consume: (model, id, now) =>
      file.write((prepare) => {
        if (prepare(OPEN).get(model, id) === undefined) return false
        prepare(CONSUME).run(now, model, id)
        return true
      }),
    remove: (model, id) => {
      file.write((prepare) => prepare(REMOVE).run(model, id))
    },
    removeGrant: (grantId) => file.write((prepare) => countAndRemove(prepare, [grantId, grantId]) > 0),
    removeAccount: (accountId) =>
      file.write((prepare) => {
        const count = held(prepare(COUNT_ACCOUNT).get(accountId))
        prepare(REMOVE_ACCOUNT).run(accountId)
        return count
      }),
    listOfAccount: (model, accountId, now) =>
      file.read<readonly StoredGrantRecord[]>(
        (prepare) => prepare(OF_ACCOUNT).all(accountId, model, now).map(toRecord),
        [],
      ),
    ...signingKeys(file),
  }
}

function signingKeys(file: StorageFile): Pick<OAuthStore, 'listKeys' | 'rotateKey'> {
  return {
    listKeys: (now) => file.read<readonly StoredSigningKey[]>((prepare) => prepare(KEYS).all(now).map(toKey), []),
    rotateKey: (key, { newerThan, retireAt }) =>
      file.write((prepare) => {
        if (prepare(NEWER_KEY).get(newerThan) !== undefined) return false
        prepare(DROP_KEYS).run(key.createdAt)
        prepare(RETIRE).run(retireAt, retireAt)
        prepare(ADD_KEY).run(key.id, key.wrapped, key.createdAt)
        return true
      }),
  }
}

function put(prepare: Prepare, record: StoredGrantRecord, bound: RecordBound & { readonly now: number }): boolean {
  const { model, id, grantId = null, accountId = null, uid = null, expiresAt, consumedAt = null, data } = record
  if (prepare(EXPIRED).get(bound.now) !== undefined) prepare(SWEEP).run(bound.now)
  const isNew = prepare(EXISTS).get(model, id) === undefined
  if (isNew && held(prepare(COUNT).get(model)) >= bound.max) {
    if (bound.whenFull === 'refuse') return false
    prepare(EVICT).run(model, model)
  }
  prepare(PUT).run(model, id, grantId, accountId, uid, expiresAt, consumedAt, data)
  return true
}

function countAndRemove(prepare: Prepare, ids: readonly [string, string]): number {
  const count = held(prepare(COUNT_GRANT).get(...ids))
  prepare(REMOVE_GRANT).run(...ids)
  return count
}

function held(row: Row | undefined): number {
  return Number(row?.held)
}

function toRecord(row: Row): StoredGrantRecord {
  const { grant_id: grantId, account_id: accountId, uid, consumed_at: consumedAt } = row
  return {
    model: String(row.model),
    id: String(row.id),
    ...(grantId === null ? {} : { grantId: String(grantId) }),
    ...(accountId === null ? {} : { accountId: String(accountId) }),
    ...(uid === null ? {} : { uid: String(uid) }),
    expiresAt: Number(row.expires_at),
    ...(consumedAt === null ? {} : { consumedAt: Number(consumedAt) }),
    data: String(row.data),
  }
}

function toKey(row: Row): StoredSigningKey {
  const { retires_at: retiresAt } = row
  return {
    id: String(row.id),
    wrapped: String(row.wrapped),
    createdAt: Number(row.created_at),
    ...(retiresAt === null ? {} : { retiresAt: Number(retiresAt) }),
  }
}
