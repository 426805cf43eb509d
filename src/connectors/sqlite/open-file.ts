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
}

interface LibsqlStatement extends OpenStatement {
  raw(): LibsqlStatement
  safeIntegers(on: boolean): LibsqlStatement
}

interface NodeStatement extends OpenStatement {
  setReturnArrays(on: boolean): void
  setReadBigInts(on: boolean): void
}

/** Opens the file with what Node brings, where it does, else with libsql. Rows come as arrays, integers as bigints. */
export function openFile({ path, isWriter }: SqliteOpening): OpenFile {
  const require = createRequire(import.meta.url)
  const file = process.versions.node.startsWith('20.') ? openLibsql() : openNode()
  file.exec(`PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
    PRAGMA cell_size_check = ON; PRAGMA case_sensitive_like = ON; ${isWriter ? '' : 'PRAGMA query_only = ON;'}`)
  return file

  function openLibsql(): OpenFile {
    const Database = require('libsql') as new (path: string) => OpenFile & { prepare(sql: string): LibsqlStatement }
    const database = new Database(isWriter ? path : `${pathToFileURL(path).href}?mode=ro`)
    return {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql) as LibsqlStatement
        // One that answers no rows has no raw form.
        return statement.columns().length === 0 ? statement : statement.raw().safeIntegers(true)
      },
    }
  }

  function openNode(): OpenFile {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as unknown as {
      DatabaseSync: new (path: string, options: object) => OpenFile & { prepare(sql: string): NodeStatement }
    }
    const database = new DatabaseSync(path, { readOnly: !isWriter, allowExtension: false })
    return {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql) as NodeStatement
        statement.setReadBigInts(true)
        statement.setReturnArrays(true)
        return statement
      },
    }
  }
}
