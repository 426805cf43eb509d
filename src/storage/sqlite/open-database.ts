import { createRequire } from 'node:module'
import process from 'node:process'
import { ToolgateError } from '../../errors.ts'

/** Which SQLite is used. `node:sqlite` is in Node 22.13 and later; `libsql` comes as a dependency. */
export type SqliteDriver = 'node:sqlite' | 'libsql'

/** What a column holds. */
export type SqlValue = string | number | null

/** The part of a prepared statement that both drivers have alike. */
export interface SqliteStatement {
  run(...values: readonly SqlValue[]): unknown
  get(...values: readonly SqlValue[]): Readonly<Record<string, unknown>> | undefined
  all(...values: readonly SqlValue[]): readonly Readonly<Record<string, unknown>>[]
}

/** The part of a database that both drivers have alike. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
}

type DatabaseClass = new (file: string) => SqliteDatabase

/** Opens a database file with the driver, or with the best one here. Neither is loaded before. */
export function openDatabase(file: string, driver: SqliteDriver = bestDriver()): SqliteDatabase {
  const Database = driver === 'node:sqlite' ? loadNodeSqlite() : loadLibsql()
  return new Database(file)
}

/** The driver that is used where none is asked for. */
export function bestDriver(): SqliteDriver {
  return loadNodeSqliteModule() === undefined ? 'libsql' : 'node:sqlite'
}

function loadNodeSqlite(): DatabaseClass {
  const module = loadNodeSqliteModule()
  if (module !== undefined) return module.DatabaseSync
  throw new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `Node ${process.versions.node} has no node:sqlite.`,
    hint: 'Use Node 22.13 or later, or the driver libsql.',
  })
}

/** The module says with a warning on stderr, once, that it is young. Whoever runs Toolgate can do nothing about it. */
function loadNodeSqliteModule(): { readonly DatabaseSync: DatabaseClass } | undefined {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule('node:sqlite') as { DatabaseSync: DatabaseClass } | undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

function loadLibsql(): DatabaseClass {
  try {
    return createRequire(import.meta.url)('libsql') as DatabaseClass
  } catch (cause) {
    throw new ToolgateError({
      code: 'STORAGE_FAILED',
      message: 'The SQLite of the package libsql cannot be loaded on this machine.',
      hint: 'Run `npm install` here again, or use Node 22.13 or later, which has SQLite itself.',
      cause,
    })
  }
}
