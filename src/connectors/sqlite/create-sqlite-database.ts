import { randomBytes } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { ToolgateError } from '../../errors.ts'
import type { ExecuteOptions, SqlDatabase, SqlResult, Statement } from '../sql/database.ts'
import type { SqlParameter } from '../sql/dialect.ts'
import { LanePool } from '../sql/lane-pool.ts'
import { readSchema } from './read-schema.ts'
import { SqliteChild } from './sqlite-child.ts'
import { createSqliteDialect } from './sqlite-dialect.ts'
import type { SqliteRequest } from './sqlite-request.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/** Where the file is, and how many processes read it. */
export interface SqliteSettings {
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly readers: number
}

const IDLE_MS = 300_000
const OWN_TIMEOUT_MS = 10_000
const OWN_BUDGET = { maxRows: 100_000, maxBytes: 64 * 1024 * 1024 }

/** SQLite behind `SqlDatabase`: processes that read with the file opened read-only, and one that writes. */
export function createSqliteDatabase({ name, path, readers }: SqliteSettings): SqlDatabase {
  const dialect = createSqliteDialect(`mask:${randomBytes(18).toString('base64url')}:`)
  const pool = (isWriter: boolean, max: number): LanePool<SqliteChild> =>
    new LanePool({
      max,
      reserved: isWriter ? 0 : 1,
      idleMs: IDLE_MS,
      open: async () => new SqliteChild({ path, isWriter }),
      close: async (child) => child.kill(),
    })
  const reading = pool(false, readers)
  const writing = pool(true, 1)

  async function ask(request: SqliteRequest, options: Pick<ExecuteOptions, 'lane' | 'signal'> & { timeoutMs: number }) {
    const children = request.isWrite ? writing : reading
    const child = await children.acquire(options.lane, options.signal)
    try {
      const answer = await child.ask(request, options)
      if ('failed' in answer) throw toSqlFailure(answer.failed, answer.message)
      return answer
    } finally {
      if (child.isAlive) children.release(child)
      else children.drop(child)
    }
  }

  const read = async (text: string, signal: AbortSignal): Promise<SqlResult['rows']> => {
    const request = { text, parameters: [], isWrite: false, ...OWN_BUDGET }
    return (await ask(request, { lane: 'cheap', signal, timeoutMs: OWN_TIMEOUT_MS })).rows
  }

  return {
    dialect,
    async connect(signal) {
      signal.throwIfAborted()
      requireFile(name, path)
      await read('SELECT count(*) FROM sqlite_schema', signal)
    },
    readSchema: (_schemas, signal) => readSchema((text) => read(text, signal)),
    async execute({ text, parameters }: Statement, { signal, access, lane, budget }: ExecuteOptions) {
      const { maxRows, maxBytes, timeoutMs } = budget
      const isWrite = access === 'write'
      const request = { text, parameters: parameters.map(toBound), isWrite, maxRows, maxBytes }
      return dialect.finishMasks(await ask(request, { lane, signal, timeoutMs }))
    },
    // The file's owner decides what may be written; whoever only reads has it open read-only.
    readPrivileges: async () => ({ login: 'file', server: 'SQLite', findings: [], remedy: [] }),
    async close() {
      await Promise.all([reading.close(), writing.close()])
    },
  }
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
