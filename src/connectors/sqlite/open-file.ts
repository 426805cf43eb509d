import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { SqliteOpening } from './sqlite-request.ts'

/** A statement of either library, as far as it is used here. */
export interface OpenStatement {
  /** Declared types are empty for expressions. */
  columns(): readonly { readonly name: string; readonly type: string | null }[]
  iterate(...parameters: readonly unknown[]): Iterator<readonly unknown[]>
  run(...parameters: readonly unknown[]): { readonly changes: number | bigint }
}

/** An open file. */
export interface OpenFile {
  prepare(sql: string): OpenStatement
  exec(sql: string): unknown
  close(): void
}

interface LibsqlStatement extends OpenStatement {
  raw(): LibsqlStatement
  safeIntegers(on: boolean): LibsqlStatement
}

interface NodeStatement extends OpenStatement {
  setReturnArrays(on: boolean): void
  setReadBigInts(on: boolean): void
}

/** The most that SQLite takes in a process that reads, whatever a statement makes it build. */
const HEAP = `PRAGMA hard_heap_limit = ${128 * 1024 * 1024};`
const SETTINGS = `PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
  PRAGMA cell_size_check = ON; PRAGMA case_sensitive_like = ON;`

/** Opens the file with what Node brings, where it does, else with libsql. Rows come as arrays, integers as bigints. */
export function openFile({ path, isWriter }: SqliteOpening): OpenFile {
  const file = IS_LIBSQL ? openLibsql(isWriter ? path : toReadOnly(path)) : openNode(path, !isWriter)
  file.exec(`${SETTINGS} ${isWriter ? '' : `${HEAP} PRAGMA query_only = ON;`}`)
  return file
}

/**
 * Opens an empty database in memory, with the file beside it under the given name, to read. Always with libsql: what Node
 * brings does not keep to a limit of memory.
 */
export function openBeside(path: string, schema: string): OpenFile {
  const file = openLibsql(':memory:')
  file.exec(`${SETTINGS} ${HEAP} ATTACH '${toReadOnly(path).replaceAll("'", "''")}' AS "${schema}"`)
  return file
}

const IS_LIBSQL = process.versions.node.startsWith('20.')

function toReadOnly(path: string): string {
  return `${pathToFileURL(path).href}?mode=ro`
}

function openLibsql(path: string): OpenFile {
  const Database = createRequire(import.meta.url)('libsql') as new (
    path: string,
  ) => OpenFile & { prepare(sql: string): LibsqlStatement }
  const database = new Database(path)
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql) as LibsqlStatement
      // One that answers no rows has no raw form.
      return statement.columns().length === 0 ? statement : statement.raw().safeIntegers(true)
    },
    close: () => database.close(),
  }
}

function openNode(path: string, readOnly: boolean): OpenFile {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as unknown as {
    DatabaseSync: new (path: string, options: object) => OpenFile & { prepare(sql: string): NodeStatement }
  }
  const database = new DatabaseSync(path, { readOnly, allowExtension: false })
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql) as NodeStatement
      statement.setReadBigInts(true)
      statement.setReturnArrays(true)
      return statement
    },
    close: () => database.close(),
  }
}
