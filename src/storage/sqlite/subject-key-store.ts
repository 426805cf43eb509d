import { ToolgateError } from '../../errors.ts'
import type { StoredSubject, SubjectKeyStore } from '../subject-key-store.ts'
import type { Prepare, StorageFile } from './storage-file.ts'

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
      if (isThere) file.write((prepare) => prepare(REMOVE).run(subject))
      // Also where it is gone: the one who removed it may have been kept from the rest.
      file.read(scrub, undefined)
      return isThere
    },
  }
}

/**
 * What `secure_delete` overwrites is the row alone: when SQLite moves rows between pages, copies stay in the space that gets
 * free there, so the file is written anew. Throws when a reader in another process keeps the journal from being emptied.
 */
function scrub(prepare: Prepare): void {
  prepare('PRAGMA temp_store = MEMORY').run()
  prepare('VACUUM').run()
  if (Number(prepare(EMPTY_JOURNAL).get()?.busy) === 0) return
  throw new ToolgateError({
    code: 'STORAGE_FAILED',
    message:
      'The key of the subject is removed, but the journal of the storage still holds it: another process is reading.',
    hint: 'Do the same again when it is not.',
  })
}

function toSubject(row: Row): StoredSubject {
  return {
    subject: String(row.subject),
    principalId: String(row.principal_id),
    wrappedKey: String(row.wrapped_key),
    createdAt: String(row.created_at),
  }
}
