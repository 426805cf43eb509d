import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDatabase, type SqliteDatabase, type SqliteDriver } from './open-database.ts'
import { storageFailure } from './storage-failure.ts'

/**
 * Takes a file for this process alone; made where it is missing. Answers how to let go of it, `undefined` when another one has
 * it. It is a lock of SQLite: the system lets go of it when the process dies, however it dies, and it holds between containers
 * that share a disk. Throws `ToolgateError` `STORAGE_FAILED`.
 */
export function takeLock(file: string, driver?: SqliteDriver): (() => void) | undefined {
  let database: SqliteDatabase | undefined
  try {
    make(file)
    database = openDatabase(file, driver)
    database.exec('PRAGMA busy_timeout = 0')
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database?.close()
    if (/locked|busy/i.test(String(cause))) return undefined
    throw storageFailure(file, cause)
  }
  const held = database
  return () => {
    held.exec('ROLLBACK')
    held.close()
  }
}

/** Made before SQLite does, which would let everybody read it. One that is there is not opened: that could drop its lock. */
function make(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}
