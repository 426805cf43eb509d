import type { StoredTask, TaskStore } from '../task-store.ts'
import type { Prepare, StorageFile } from './storage-file.ts'

const FIND = 'SELECT id, principal_id, expires_at, revision, data FROM tasks WHERE id = ?'
const IDS = 'SELECT id FROM tasks WHERE principal_id = ? AND expires_at > ? ORDER BY id'
const COUNT = 'SELECT count(*) AS held FROM tasks'
const COUNT_OWN = 'SELECT count(*) AS held FROM tasks WHERE principal_id = ?'
const ADD = 'INSERT INTO tasks (id, principal_id, expires_at, revision, data) VALUES (?, ?, ?, ?, ?)'
const REVISION = 'SELECT revision FROM tasks WHERE id = ?'
const REPLACE = 'UPDATE tasks SET expires_at = ?, revision = ?, data = ? WHERE id = ?'
const REMOVE = 'DELETE FROM tasks WHERE id = ?'
const ANY_EXPIRED = 'SELECT 1 AS found FROM tasks WHERE expires_at <= ? LIMIT 1'
const REMOVE_EXPIRED = 'DELETE FROM tasks WHERE expires_at <= ?'

type Row = Readonly<Record<string, unknown>>

/** Tasks in the embedded storage. Several processes may share it. */
export function createSqliteTaskStore(file: StorageFile): TaskStore {
  return {
    add: (task, { max, maxPerPrincipal, now }) =>
      file.write((prepare) => {
        prepare(REMOVE_EXPIRED).run(now)
        if (held(prepare(COUNT).get()) >= max) return false
        if (held(prepare(COUNT_OWN).get(task.principalId)) >= maxPerPrincipal) return false
        prepare(ADD).run(task.id, task.principalId, task.expiresAt, task.revision, task.data)
        return true
      }),
    find: (id) =>
      file.read((prepare) => {
        const row = prepare(FIND).get(id)
        return row === undefined ? undefined : toTask(row)
      }, undefined),
    ids: (principalId, now) =>
      file.read<readonly string[]>(
        (prepare) =>
          prepare(IDS)
            .all(principalId, now)
            .map(({ id }) => String(id)),
        [],
      ),
    replace: (task) => file.write((prepare) => replace(prepare, task)),
    remove: (id) => {
      file.write((prepare) => prepare(REMOVE).run(id))
    },
    removeExpired(now) {
      // Looked for first, because looking takes no lock and most of the time there is none.
      const isAny = file.read((prepare) => prepare(ANY_EXPIRED).get(now) !== undefined, false)
      if (isAny) file.write((prepare) => prepare(REMOVE_EXPIRED).run(now))
    },
  }
}

function replace(prepare: Prepare, { id, expiresAt, revision, data }: StoredTask): boolean {
  const kept = prepare(REVISION).get(id)
  if (kept === undefined || Number(kept.revision) !== revision - 1) return false
  prepare(REPLACE).run(expiresAt, revision, data, id)
  return true
}

function held(row: Row | undefined): number {
  return Number(row?.held)
}

function toTask(row: Row): StoredTask {
  return {
    id: String(row.id),
    principalId: String(row.principal_id),
    expiresAt: Number(row.expires_at),
    revision: Number(row.revision),
    data: String(row.data),
  }
}
