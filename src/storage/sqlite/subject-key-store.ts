import type { StoredSubject, SubjectKeyStore } from '../subject-key-store.ts'
import type { StorageFile } from './storage-file.ts'

const COLUMNS = 'subject, principal_id, wrapped_key, created_at'
const FIND = `SELECT ${COLUMNS} FROM audit_subjects WHERE principal_id = ?`
const FIND_SUBJECT = `SELECT ${COLUMNS} FROM audit_subjects WHERE subject = ?`
const LIST = `SELECT ${COLUMNS} FROM audit_subjects ORDER BY created_at, subject`
const ADD = `INSERT INTO audit_subjects (${COLUMNS}) VALUES (?, ?, ?, ?) ON CONFLICT (principal_id) DO NOTHING`
const REMOVE = 'DELETE FROM audit_subjects WHERE subject = ?'
/** What was deleted still stands in the journal until it is emptied. */
const EMPTY_JOURNAL = 'PRAGMA wal_checkpoint(TRUNCATE)'

type Row = Readonly<Record<string, unknown>>

/** Keys of subjects in the embedded storage. Several processes may share it. */
export function createSqliteSubjectKeyStore(file: StorageFile): SubjectKeyStore {
  const findBy = (sql: string, value: string): StoredSubject | undefined =>
    file.read((prepare) => {
      const row = prepare(sql).get(value)
      return row === undefined ? undefined : toSubject(row)
    }, undefined)
  return {
    find: (principalId) => findBy(FIND, principalId),
    findSubject: (subject) => findBy(FIND_SUBJECT, subject),
    add: (given) =>
      file.write((prepare) => {
        prepare(ADD).run(given.subject, given.principalId, given.wrappedKey, given.createdAt)
        const kept = prepare(FIND).get(given.principalId)
        return kept === undefined ? given : toSubject(kept)
      }),
    list: () => file.read<readonly StoredSubject[]>((prepare) => prepare(LIST).all().map(toSubject), []),
    remove(subject) {
      const isThere = findBy(FIND_SUBJECT, subject) !== undefined
      if (!isThere) return false
      file.write((prepare) => prepare(REMOVE).run(subject))
      file.read((prepare) => prepare(EMPTY_JOURNAL).get(), undefined)
      return true
    },
  }
}

function toSubject(row: Row): StoredSubject {
  return {
    subject: String(row.subject),
    principalId: String(row.principal_id),
    wrappedKey: String(row.wrapped_key),
    createdAt: String(row.created_at),
  }
}
