import type { StoredUser, UserStore } from '../user-store.ts'
import type { Prepare, StorageFile } from './storage-file.ts'

const COLUMNS =
  'id, name, roles, tenant, password_hash, is_locked, invitation, invitation_expires_at, created_at, password_changed_at, last_sign_in_at'
const FIND = `SELECT ${COLUMNS} FROM users WHERE id = ?`
const FIND_BY_NAME = `SELECT ${COLUMNS} FROM users WHERE name = ?`
const FIND_BY_INVITATION = `SELECT ${COLUMNS} FROM users WHERE invitation = ?`
const LIST = `SELECT ${COLUMNS} FROM users ORDER BY name`
const PUT = `INSERT OR REPLACE INTO users (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const REMOVE = 'DELETE FROM users WHERE id = ?'

type Row = Readonly<Record<string, unknown>>

/** Local users in the embedded storage. */
export function createSqliteUserStore(file: StorageFile): UserStore {
  const findBy = (sql: string, value: string): StoredUser | undefined =>
    file.read((prepare) => {
      const row = prepare(sql).get(value)
      return row === undefined ? undefined : toUser(row)
    }, undefined)
  return {
    find: (id) => findBy(FIND, id),
    findByName: (name) => findBy(FIND_BY_NAME, name),
    findByInvitation: (digest) => findBy(FIND_BY_INVITATION, digest),
    list: () => file.read<readonly StoredUser[]>((prepare) => prepare(LIST).all().map(toUser), []),
    add: (user) =>
      file.write((prepare) => {
        if (prepare(FIND_BY_NAME).get(user.name) !== undefined) return false
        put(prepare, user)
        return true
      }),
    update: (id, change) =>
      file.write((prepare) => {
        const row = prepare(FIND).get(id)
        const changed = row === undefined ? undefined : change(toUser(row))
        if (changed !== undefined) put(prepare, { ...changed, id })
        return changed
      }),
    remove: (id) =>
      file.write((prepare) => {
        const isThere = prepare(FIND).get(id) !== undefined
        if (isThere) prepare(REMOVE).run(id)
        return isThere
      }),
  }
}

function put(prepare: Prepare, user: StoredUser): void {
  const { id, name, roles, tenant = null, passwordHash = null, isLocked, invitation, createdAt } = user
  const { passwordChangedAt = null, lastSignInAt = null } = user
  const invited = [invitation?.digest ?? null, invitation?.expiresAt ?? null]
  const who = [id, name, JSON.stringify(roles), tenant, passwordHash, isLocked ? 1 : 0]
  prepare(PUT).run(...who, ...invited, createdAt, passwordChangedAt, lastSignInAt)
}

function toUser(row: Row): StoredUser {
  const { tenant, password_hash: passwordHash, invitation, password_changed_at: changed, last_sign_in_at: last } = row
  return {
    id: String(row.id),
    name: String(row.name),
    roles: JSON.parse(String(row.roles)) as readonly string[],
    ...(tenant === null ? {} : { tenant: String(tenant) }),
    ...(passwordHash === null ? {} : { passwordHash: String(passwordHash) }),
    isLocked: row.is_locked === 1,
    ...(invitation === null
      ? {}
      : { invitation: { digest: String(invitation), expiresAt: Number(row.invitation_expires_at) } }),
    createdAt: Number(row.created_at),
    ...(changed === null ? {} : { passwordChangedAt: Number(changed) }),
    ...(last === null ? {} : { lastSignInAt: Number(last) }),
  }
}
