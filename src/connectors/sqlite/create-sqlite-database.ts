import { randomBytes } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { ToolgateError } from '../../errors.ts'
import type { ExecuteOptions, SqlDatabase, SqlResult, Statement } from '../sql/database.ts'
import type { SqlParameter } from '../sql/dialect.ts'
import { createFreeSql } from './free-sql.ts'
import { readSchema } from './read-schema.ts'
import { createSqliteDialect } from './sqlite-dialect.ts'
import { SqliteProcesses } from './sqlite-processes.ts'
import type { SqliteAnswer, SqliteRequest } from './sqlite-request.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/** Where the file is, and how many processes read it. */
export interface SqliteSettings {
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly readers: number
}

const OWN_TIMEOUT_MS = 10_000
const OWN_BUDGET = { maxRows: 100_000, maxBytes: 64 * 1024 * 1024 }

/** SQLite behind `SqlDatabase`: processes that read with the file opened read-only, and one that writes. */
export function createSqliteDatabase({ name, path, readers }: SqliteSettings): SqlDatabase {
  const marker = `mask:${randomBytes(18).toString('base64url')}:`
  const dialect = createSqliteDialect(marker)
  const processes = new SqliteProcesses(path, readers)

  const read = async (text: string, signal: AbortSignal): Promise<SqlResult['rows']> => {
    const request = { text, parameters: [], isWrite: false, ...OWN_BUDGET }
    return toResult(await processes.ask(request, { lane: 'cheap', signal, timeoutMs: OWN_TIMEOUT_MS })).rows
  }

  return {
    dialect,
    async connect(signal) {
      signal.throwIfAborted()
      requireFile(name, path)
      await read('SELECT count(*) FROM sqlite_schema', signal)
    },
    readSchema: (_schemas, signal) => readSchema((text) => read(text, signal)),
    async execute({ text, parameters, scope }: Statement, { signal, access, lane, budget }: ExecuteOptions) {
      const { maxRows, maxBytes, timeoutMs } = budget
      const isWrite = access === 'write'
      const request = { text, parameters: parameters.map(toBound), isWrite, maxRows, maxBytes, ...(scope && { scope }) }
      return dialect.finishMasks(toResult(await processes.ask(request, { lane, signal, timeoutMs })))
    },
    // The file's owner decides what may be written; whoever only reads has it open read-only.
    readPrivileges: async () => ({ login: 'file', server: 'SQLite', findings: [], remedy: [] }),
    freeSql: createFreeSql(dialect, marker),
    close: () => processes.close(),
  }
}

function toResult(answer: SqliteAnswer): SqlResult {
  if ('failed' in answer) throw toSqlFailure(answer.failed, answer.message)
  return answer
}

function requireFile(name: string, path: string): void {
  try {
    accessSync(path, constants.R_OK)
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: `The database file ${path} cannot be read.`,
      hint: `Correct the path of the connector "${name}", or give the user that Toolgate runs as the right to read it.`,
      cause,
    })
  }
}

/** The engine has no booleans and no arrays; a list is bound as JSON, for `json_each`. */
function toBound(value: SqlParameter): SqliteRequest['parameters'][number] {
  if (typeof value === 'boolean') return value ? 1 : 0
  return Array.isArray(value) ? JSON.stringify(value) : (value as string | number | bigint | null | Uint8Array)
}
