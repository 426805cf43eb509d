import { setTimeout as delay } from 'node:timers/promises'
import { ToolgateError } from '../../errors.ts'
import type { ExecuteOptions, SqlDatabase, SqlIdentity, SqlResult, Statement } from '../sql/database.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { loadTedious, type Tedious } from './load-tedious.ts'
import { mssqlDialect } from './mssql-dialect.ts'
import { type MssqlSession, openSession } from './open-session.ts'
import { readPrivileges } from './read-privileges.ts'
import { readSchema } from './read-schema.ts'
import { deadlineFor, runStatement, toStopFailure } from './run-statement.ts'
import { SessionPool } from './session-pool.ts'
import type { MssqlSettings } from './settings.ts'
import { toConnectFailure } from './to-connect-failure.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/** Milliseconds between the attempts to connect. */
const RETRY_MS: readonly number[] = [100, 400]

/** A SQL Server; nothing is loaded or opened before `connect`. */
export function createMssqlDatabase(settings: MssqlSettings): SqlDatabase {
  let driver: Tedious | undefined
  const open = async (signal: AbortSignal): Promise<MssqlSession> => {
    driver ??= await loadTedious()
    return openWithRetries(driver, settings, signal)
  }
  const pool = new SessionPool(open, settings.pool)
  const execute: SqlDatabase['execute'] = (statement, options) => executeIn(pool, statement, options)
  return {
    dialect: mssqlDialect,
    async connect(signal) {
      try {
        await pool.lend('cheap', signal, (session) => session.run('SELECT 1', signal))
      } catch (failure) {
        throw failure instanceof ToolgateError ? failure : toConnectFailure(failure, settings)
      }
    },
    readSchema: (schemas, signal) => readSchema(execute, schemas, signal),
    readPrivileges: (exposed, signal) => readPrivileges(execute, { exposed, database: settings.database }, signal),
    execute,
    close: () => pool.close(),
  }
}

/** A refused login is not tried again: it would lock the account. */
async function openWithRetries(tedious: Tedious, settings: MssqlSettings, signal: AbortSignal): Promise<MssqlSession> {
  for (const waitMs of [...RETRY_MS, undefined]) {
    try {
      return await openSession(tedious, settings, signal)
    } catch (failure) {
      signal.throwIfAborted()
      const refusal = toConnectFailure(failure, settings)
      if (waitMs === undefined || !refusal.message.endsWith('cannot be reached.')) throw refusal
      await delay(waitMs, undefined, { signal })
    }
  }
  throw new Error('The last attempt returns or throws.')
}

/**
 * A session that died while nobody used it is noticed by the first who uses it. What only reads is then run once more in
 * another one; what writes may have been done, so it is not.
 */
async function executeIn(pool: SessionPool, statement: Statement, options: ExecuteOptions): Promise<SqlResult> {
  const signal = deadlineFor(options.signal, options.budget.timeoutMs)
  const once = (): Promise<SqlResult> =>
    pool.lend(options.lane, signal, (session) => executeOnce(session, statement, { ...options, signal }))
  try {
    return await once().catch((failure: unknown) => {
      const mayRetry = options.access === 'read' && isLostConnection(failure) && !signal.aborted
      return mayRetry ? once() : Promise.reject(failure)
    })
  } catch (failure) {
    if (signal.aborted) throw toStopFailure(signal.reason)
    throw toCallFailure(failure)
  }
}

/** Why no connection could be opened names host and login, which is for the operator and for no caller. */
function toCallFailure(failure: unknown): Error {
  if (!(failure instanceof ToolgateError)) return toSqlFailure(failure)
  if (failure.code !== 'CONNECTOR_FAILED') return failure
  const { message: text } = failure
  return new SqlFailure({ kind: 'unavailable', state: 'connect', text, isTextSafe: false, cause: failure })
}

function isLostConnection(failure: unknown): boolean {
  const known = toSqlFailure(failure)
  return known.kind === 'unavailable' && known.state !== 'busy'
}

/** What one cell may bring that the engine does not cut (XML, types of one's own), beside the rows of the budget. */
const SLACK_BYTES = 8 * 1024 * 1024

async function executeOnce(session: MssqlSession, statement: Statement, options: ExecuteOptions): Promise<SqlResult> {
  const { access, budget, identity, signal } = options
  session.limitBytes(budget.maxBytes * 4 + SLACK_BYTES)
  await tellIdentity(session, identity, signal)
  await session.run(beginText(budget, identity), signal)
  if (identity.role !== undefined) session.closeAfterUse()
  const result = await runStatement(session, statement, { access, budget, signal })
  if (access === 'write') await session.run('COMMIT TRANSACTION', signal)
  return result
}

/**
 * The settings of a session that nothing in it can change until it is made like new: neither the statement nor a
 * procedure that it calls.
 */
async function tellIdentity(session: MssqlSession, { settings }: SqlIdentity, signal: AbortSignal): Promise<void> {
  const entries = Object.entries(settings)
  if (entries.length === 0) return
  const lines = entries.map(
    (_entry, index) =>
      `EXEC sys.sp_set_session_context @key = @p${index * 2 + 1}, @value = @p${index * 2 + 2}, @read_only = 1;`,
  )
  const statement = { text: lines.join('\n'), parameters: entries.flat() }
  await runStatement(session, statement, { access: 'write', budget: NO_ROWS, signal })
}

const NO_ROWS = { maxRows: 0, maxBytes: 0, timeoutMs: 0 }

/** There is no transaction that cannot write: one that only reads is never committed, and the reset behind it ends it. */
function beginText({ maxBytes, timeoutMs }: ExecuteOptions['budget'], { role }: SqlIdentity): string {
  return [
    `SET TEXTSIZE ${Math.trunc(maxBytes)};`,
    `SET LOCK_TIMEOUT ${Math.trunc(timeoutMs)};`,
    ...(role === undefined ? [] : [`EXECUTE AS USER = ${mssqlDialect.literal(role)} WITH NO REVERT;`]),
    'BEGIN TRANSACTION;',
  ].join('\n')
}
