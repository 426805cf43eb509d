import { join } from 'node:path'
import type { KeyStore } from './key-store.ts'
import type { OAuthStore } from './oauth-store.ts'
import { createSqliteKeyStore } from './sqlite/key-store.ts'
import { createSqliteOAuthStore } from './sqlite/oauth-store.ts'
import type { SqliteDriver } from './sqlite/open-database.ts'
import { createStorageFile } from './sqlite/storage-file.ts'
import { createSqliteSubjectKeyStore } from './sqlite/subject-key-store.ts'
import { createSqliteTaskStore } from './sqlite/task-store.ts'
import { createSqliteUserStore } from './sqlite/user-store.ts'
import type { SubjectKeyStore } from './subject-key-store.ts'
import type { TaskStore } from './task-store.ts'
import type { UserStore } from './user-store.ts'

/** Everything that must last, the audit trail aside. */
export interface Storage {
  readonly keys: KeyStore
  readonly tasks: TaskStore
  /** Of the subjects of the audit trail. */
  readonly subjectKeys: SubjectKeyStore
  /** What the embedded authorization server remembers. */
  readonly oauth: OAuthStore
  /** Who signs in with a password of their own. */
  readonly users: UserStore
  /** Lets go of every file. Idempotent; what is asked afterwards opens them again. */
  close(): void
}

/** Where storage is. */
export interface StoragePlace {
  /** Absolute. Made, for its owner alone, when the first thing is stored. */
  readonly directory: string
  /** Which SQLite is used; the one of Node itself where it has one, else that of `libsql`. Both read the same file. */
  readonly driver?: SqliteDriver
}

/**
 * The embedded storage: `toolgate.db` in the directory. Opens nothing until it is asked and makes nothing until something
 * is stored; a file made later, also by another process, is noticed. Failures are `ToolgateError` `STORAGE_FAILED`.
 */
export function openStorage({ directory, driver }: StoragePlace): Storage {
  const file = createStorageFile({ file: join(directory, 'toolgate.db'), ...(driver === undefined ? {} : { driver }) })
  return {
    keys: createSqliteKeyStore(file),
    tasks: createSqliteTaskStore(file),
    subjectKeys: createSqliteSubjectKeyStore(file),
    oauth: createSqliteOAuthStore(file),
    users: createSqliteUserStore(file),
    close: () => file.close(),
  }
}
