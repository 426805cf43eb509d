import { MAX_PROOFS, MAX_PROOFS_OF_OWNER, type ReplayStore } from '../replay-store.ts'
import type { StorageFile } from './storage-file.ts'

const SWEEP = 'DELETE FROM used_proofs WHERE expires_at <= ?'
const FIND = 'SELECT 1 AS found FROM used_proofs WHERE key = ?'
const COUNT = 'SELECT count(*) AS held FROM used_proofs'
const COUNT_OWN = 'SELECT count(*) AS held FROM used_proofs WHERE owner = ?'
const ADD = 'INSERT INTO used_proofs (key, owner, expires_at) VALUES (?, ?, ?)'

/** What was used once, in the embedded storage: for all processes on it, and across a restart. */
export function createSqliteReplayStore(file: StorageFile, clock: () => number): ReplayStore {
  return {
    use: (key, owner, expiresAt) =>
      file.write((prepare) => {
        prepare(SWEEP).run(clock())
        const held = (sql: string, ...values: readonly string[]): number => Number(prepare(sql).get(...values)?.held)
        if (prepare(FIND).get(key) !== undefined) return false
        if (held(COUNT) >= MAX_PROOFS || held(COUNT_OWN, owner) >= MAX_PROOFS_OF_OWNER) return false
        prepare(ADD).run(key, owner, expiresAt)
        return true
      }),
  }
}
