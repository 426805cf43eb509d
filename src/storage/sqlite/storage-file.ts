import { closeSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { migrate } from './migrations.ts'
import { openDatabase, type SqliteDatabase, type SqliteDriver, type SqliteStatement } from './open-database.ts'
import { storageFailure } from './storage-failure.ts'

/** Answers the prepared statement of a text; prepared once a connection. */
export type Prepare = (sql: string) => SqliteStatement

/** One database file that is opened when it is needed. Everything throws `ToolgateError` `STORAGE_FAILED`. */
export interface StorageFile {
  /** Reads; answers `none` while there is no file. */
  read<T>(work: (prepare: Prepare) => T, none: T): T
  /** Works in one transaction; makes the file and its folder first where they are missing. */
  write<T>(work: (prepare: Prepare) => T): T
  close(): void
}

interface Connection {
  readonly database: SqliteDatabase
  readonly prepare: Prepare
  readonly device: number
  readonly inode: number
}

interface StorageFileOptions {
  readonly file: string
  readonly driver?: SqliteDriver
  /** Whether it waits for other processes. Default: `true`. */
  readonly isPatient?: boolean
  /** Whether it waits for the disk after every write. Default: whether it is patient. */
  readonly isDurable?: boolean
}

/** The connection is made at the first use, and anew when the file under its name is another one. */
export function createStorageFile(options: StorageFileOptions): StorageFile {
  const { file } = options
  let connection: Connection | undefined

  const close = (): void => {
    const closing = connection
    connection = undefined
    closing?.database.close()
  }

  const connect = (stats: Stats): Connection => {
    if (connection?.inode === stats.ino && connection.device === stats.dev) return connection
    close()
    connection = { ...open(options), inode: stats.ino, device: stats.dev }
    return connection
  }

  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      const failure = storageFailure(file, cause)
      if (failure !== cause) tidyQuietly(close)
      throw failure
    }
  }

  return {
    read: (work, none) =>
      guard(() => {
        const stats = find(file)
        return stats === undefined ? none : work(connect(stats).prepare)
      }),
    write: (work) =>
      guard(() => {
        make(file)
        const { database, prepare } = connect(statSync(file))
        return inTransaction(database, () => work(prepare))
      }),
    close: () => guard(close),
  }
}

/** Nothing is there either when a file stands where its folder should: releases of Node differ in telling these apart. */
function find(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw cause
  }
}

/**
 * Makes the file before SQLite does, which would let everybody read it; its journal files take their mode from this one.
 * A file that is there is not opened: closing it again would drop the locks that SQLite holds on it for this process.
 */
function make(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}

function open(options: StorageFileOptions): Pick<Connection, 'database' | 'prepare'> {
  const { file, driver, isPatient = true, isDurable = isPatient } = options
  const database = openDatabase(file, driver)
  try {
    database.exec(`PRAGMA busy_timeout = ${isPatient ? 2000 : 50}`)
    // In this mode readers never wait for a writer in another process.
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(`PRAGMA synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`)
    // A key that was destroyed must not be found in a free page.
    database.exec('PRAGMA secure_delete = ON')
    migrate(database)
  } catch (cause) {
    tidyQuietly(() => database.close())
    throw cause
  }
  const statements = new Map<string, SqliteStatement>()
  const prepare = (sql: string): SqliteStatement => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
  return { database, prepare }
}

function inTransaction<T>(database: SqliteDatabase, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (cause) {
    tidyQuietly(() => database.exec('ROLLBACK'))
    throw cause
  }
}

/** Tidies up after a failure; what goes wrong then is the same failure again, and the first one is the one to tell. */
function tidyQuietly(tidy: () => unknown): void {
  try {
    tidy()
  } catch {
    return
  }
}
