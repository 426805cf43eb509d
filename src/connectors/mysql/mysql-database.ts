import {
  type ExecuteOptions,
  type ExposedName,
  NO_IDENTITY,
  type SqlDatabase,
  type SqlIdentity,
  type SqlResult,
  type SqlValue,
  type Statement,
} from '../sql/database.ts'
import type { DatabaseSchema } from '../sql/database-schema.ts'
import type { FreeSql } from '../sql/free-sql.ts'
import { LanePool } from '../sql/lane-pool.ts'
import type { PrivilegeReport } from '../sql/privilege-report.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { createFreeSql } from './free-sql.ts'
import { loadDriver } from './load-driver.ts'
import { mysqlDialect } from './mysql-dialect.ts'
import type { MysqlPoolOptions } from './options.ts'
import { readPrivileges } from './read-privileges.ts'
import { readSchema } from './read-schema.ts'
import { runStatement } from './run-statement.ts'
import { type MysqlDriver, openSession, type Session } from './session.ts'
import { SessionStopper, Stopping } from './session-stopper.ts'
import type { MysqlTarget } from './target.ts'
import { isLost, toSqlFailure } from './to-sql-failure.ts'

/** What a server is. */
export interface MysqlServer {
  readonly isMariaDb: boolean
  /** For people. */
  readonly version: string
}

/** Asks for rows of the catalogue. */
export type Ask = (text: string) => Promise<readonly (readonly SqlValue[])[]>

/** MySQL or MariaDB. Every statement has a session to itself, in a transaction, and leaves nothing in it. */
export function createMysqlDatabase(target: MysqlTarget, pool: MysqlPoolOptions): SqlDatabase {
  return new MysqlDatabase(target, pool)
}

/** The server's own limit comes first; this is for what it does not hold: waiting for locks of the catalogue, other kinds of statements. */
const LATE_MS = 200
const CATALOGUE = { maxRows: 500_000, maxBytes: 64 * 1024 * 1024, timeoutMs: 30_000 }

class MysqlDatabase implements SqlDatabase {
  readonly dialect: SqlDatabase['dialect'] = mysqlDialect
  readonly freeSql: FreeSql
  readonly #target: MysqlTarget
  readonly #pool: LanePool<Session>
  /** Sessions that have been lent before. */
  readonly #used = new WeakSet<Session>()
  readonly #connectTimeoutMs: number
  #driver: MysqlDriver | undefined
  #server: MysqlServer = { isMariaDb: false, version: '' }
  readonly #stopper: SessionStopper
  #isClosed = false

  constructor(target: MysqlTarget, pool: MysqlPoolOptions) {
    this.#target = target
    this.#connectTimeoutMs = pool.connectTimeoutMs
    this.#pool = new LanePool({
      ...pool,
      open: () => this.#openForPool(),
      close: (session) => Promise.resolve(session.destroy()),
    })
    this.#stopper = new SessionStopper(() => this.#open())
    this.freeSql = createFreeSql(target.database, (signal) => this.#asking(signal))
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#driver = await loadDriver()
    const session = await this.#pool.acquire('cheap', signal)
    this.#used.add(session)
    try {
      const [row] = await session.ask('SELECT VERSION()')
      const version = String(row?.[0])
      this.#server = { isMariaDb: /mariadb/i.test(version), version }
    } finally {
      void this.#release(session)
    }
  }

  readSchema(schemas: readonly string[] | undefined, signal: AbortSignal): Promise<DatabaseSchema> {
    const { database } = this.#target
    return readSchema(this.#asking(signal), this.#server, schemas ?? (database === undefined ? undefined : [database]))
  }

  readPrivileges(exposed: readonly ExposedName[], signal: AbortSignal): Promise<PrivilegeReport> {
    return readPrivileges(this.#asking(signal), this.#server, exposed)
  }

  async execute(statement: Statement, options: ExecuteOptions): Promise<SqlResult> {
    const session = await this.#begin(options)
    try {
      return await this.#run(session, statement, options)
    } finally {
      void this.#release(session)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#pool.close()
    await this.#stopper.close()
  }

  async #openForPool(): Promise<Session> {
    const session = await this.#open()
    session.onEnd(() => this.#pool.drop(session))
    return session
  }

  async #open(): Promise<Session> {
    if (this.#driver === undefined) throw new TypeError('The database is not connected.')
    const session = await openSession(this.#driver, this.#target)
    if (this.#isClosed) session.destroy()
    return session
  }

  #asking(signal: AbortSignal): Ask {
    return async (text) => {
      const options = { signal, access: 'read', lane: 'cheap', budget: CATALOGUE, identity: NO_IDENTITY } as const
      const { rows, truncated } = await this.execute({ text, parameters: [] }, options)
      if (truncated === undefined) return rows
      throw new SqlFailure({
        kind: 'resources',
        state: 'catalogue',
        text: 'The catalogue is too large.',
        isTextSafe: true,
      })
    }
  }

  /** A session in a transaction. One that has lain idle may have been closed by the server: then there is another one. */
  async #begin(options: ExecuteOptions): Promise<Session> {
    for (;;) {
      const session = await this.#pool.acquire(options.lane, options.signal)
      const isReused = this.#used.has(session)
      this.#used.add(session)
      // Nothing of the statement is with the server yet: a session that does not answer is given up as it is.
      const late = AbortSignal.any([options.signal, AbortSignal.timeout(options.budget.timeoutMs + LATE_MS)])
      const giveUp = (): void => session.destroy()
      late.addEventListener('abort', giveUp, { once: true })
      try {
        late.throwIfAborted()
        await this.#prepare(session, options)
        return session
      } catch (thrown) {
        this.#pool.drop(session)
        options.signal.throwIfAborted()
        const failure = toSqlFailure(thrown)
        if (late.aborted) throw tooLong(failure)
        if (!isReused || !isLost(failure)) throw failure
      } finally {
        late.removeEventListener('abort', giveUp)
      }
    }
  }

  async #prepare(session: Session, options: ExecuteOptions): Promise<void> {
    await session.ask(`SET SESSION TRANSACTION ${options.access === 'read' ? 'READ ONLY' : 'READ WRITE'}`)
    await session.ask(this.#settings(options))
    await this.#setRole(session, options.identity)
    await session.ask(options.access === 'read' ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION')
  }

  /** Gives a session back when nothing of this caller is left in it; nobody waits for that but the next one. */
  async #release(session: Session): Promise<void> {
    const timer = setTimeout(() => session.destroy(), this.#connectTimeoutMs)
    try {
      await session.reset()
      this.#pool.release(session)
    } catch {
      // One that cannot be reset is of no more use, whatever the reason.
      this.#pool.drop(session)
    } finally {
      clearTimeout(timer)
    }
  }

  #settings({ budget, identity }: ExecuteOptions): string {
    const limit = this.#server.isMariaDb
      ? `max_statement_time = ${budget.timeoutMs / 1000}`
      : `max_execution_time = ${budget.timeoutMs}`
    const variables = Object.entries(identity.settings).map(
      ([name, value]) => `@${mysqlDialect.quote(name)} = ${mysqlDialect.literal(value)}`,
    )
    return `SET ${[...SETTINGS, limit, ...variables].join(', ')}`
  }

  async #setRole({ ask }: Session, { role }: SqlIdentity): Promise<void> {
    if (role !== undefined) await ask(`SET ROLE ${mysqlDialect.quote(role)}`)
  }

  async #run(session: Session, statement: Statement, { signal, access, budget }: ExecuteOptions): Promise<SqlResult> {
    const stopping = new Stopping(() => this.#stopper.stop(session))
    const timer = setTimeout(() => stopping.stop(), budget.timeoutMs + LATE_MS)
    const abort = (): void => stopping.stop()
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    try {
      const result = await runStatement(session, statement, {
        budget,
        isStopped: () => stopping.hasBegun(),
        mayCut: access === 'read',
        stop: () => stopping.stop(),
      })
      signal.throwIfAborted()
      await finish(session, access, result)
      return result
    } catch (thrown) {
      if (signal.aborted) throw signal.reason
      const failure = toSqlFailure(thrown)
      throw stopping.hasBegun() && isLost(failure) ? tooLong(failure) : failure
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      // A `KILL` that is still under way would hit the next statement of this session.
      await stopping.ended()
    }
  }
}

/**
 * What every session is set to, whatever the server's defaults: names in backticks, backslashes as escapes (the dialect
 * writes so), no value cut silently, times in UTC.
 */
const SETTINGS: readonly string[] = [
  "sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  "time_zone = '+00:00'",
  "character_set_client = 'utf8mb4'",
  "character_set_results = 'utf8mb4'",
  "collation_connection = 'utf8mb4_general_ci'",
  'autocommit = 1',
  'sql_select_limit = DEFAULT',
]

async function finish(session: Session, access: ExecuteOptions['access'], { truncated }: SqlResult): Promise<void> {
  if (access === 'write') {
    await session.ask('COMMIT')
    return
  }
  // A session that was given up has nothing to roll back.
  if (!session.isEnded()) await session.ask('ROLLBACK').catch((thrown: unknown) => ignoreLoss(thrown, truncated))
}

function ignoreLoss(thrown: unknown, truncated: SqlResult['truncated']): void {
  if (truncated === undefined) throw thrown
}

function tooLong(cause: SqlFailure): SqlFailure {
  return new SqlFailure({
    kind: 'resources',
    state: 'timeout',
    text: 'The statement took too long',
    isTextSafe: true,
    cause,
  })
}
