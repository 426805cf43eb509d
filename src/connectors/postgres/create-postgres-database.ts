import { ToolgateError } from '../../errors.ts'
import type { ExecuteOptions, SqlDatabase, SqlResult, Statement } from '../sql/database.ts'
import { NO_IDENTITY } from '../sql/database.ts'
import { LanePool } from '../sql/lane-pool.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { type ConnectionTarget, readTarget } from './connection-target.ts'
import { executeIn, type SessionRules } from './execute-in.ts'
import { createFreeSql } from './free-sql.ts'
import { loadPg, type PgDriver } from './load-pg.ts'
import { openSession, type PgSession } from './open-session.ts'
import type { PostgresConnectorOptions } from './options.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { readPrivileges } from './read-privileges.ts'
import { readSchema } from './read-schema.ts'
import { readTypes, TYPES_SQL } from './read-types.ts'
import { toConnectFailure } from './to-connect-failure.ts'

/** What of the configuration the database goes by. */
export interface PostgresSettings
  extends Pick<PostgresConnectorOptions, 'url' | 'replicaUrl' | 'schemas' | 'tls' | 'pool'> {
  readonly identity?: PostgresConnectorOptions['identity']
  readonly freeSql?: Pick<PostgresConnectorOptions['freeSql'], 'functions'>
}

/** A PostgreSQL server, and a replica for what only reads; nothing is loaded or opened before `connect`. */
export function createPostgresDatabase(settings: PostgresSettings): SqlDatabase {
  const main = createServer(settings, settings.url)
  const replica = settings.replicaUrl === undefined ? undefined : createServer(settings, settings.replicaUrl)
  const execute: SqlDatabase['execute'] = (statement, options) =>
    (options.access === 'read' ? (replica ?? main) : main).execute(statement, options)
  const readCatalogue = (text: string, signal: AbortSignal): Promise<SqlResult> =>
    main.execute({ text, parameters: [] }, { ...CATALOGUE, signal })
  return {
    dialect: postgresDialect,
    async connect(signal) {
      await main.connect(signal)
      await replica?.connect(signal)
    },
    async readSchema(schemas, signal) {
      await main.refreshTypes(signal)
      await replica?.refreshTypes(signal)
      return readSchema(readCatalogue, schemas, signal)
    },
    execute,
    freeSql: createFreeSql(readCatalogue, {
      functions: settings.freeSql?.functions ?? [],
      schemas: settings.schemas ?? ['public'],
      hasIdentity: settings.identity?.role !== undefined || Object.keys(settings.identity?.settings ?? {}).length > 0,
    }),
    readPrivileges: (exposed, signal) => readPrivileges(readCatalogue, exposed, signal),
    async close() {
      await Promise.all([main.close(), replica?.close()])
    },
  }
}

/** For the statements of the connector itself: large catalogues are read whole. */
const CATALOGUE: Omit<ExecuteOptions, 'signal'> = {
  access: 'read',
  lane: 'cheap',
  identity: NO_IDENTITY,
  budget: { maxRows: 1_000_000, maxBytes: 64 * 1024 * 1024, timeoutMs: 30_000 },
}

interface Server {
  connect(signal: AbortSignal): Promise<void>
  refreshTypes(signal: AbortSignal): Promise<void>
  execute(statement: Statement, options: ExecuteOptions): Promise<SqlResult>
  close(): Promise<void>
}

const CAN_LIMIT_SQL = `SELECT CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 150000
  THEN pg_catalog.has_parameter_privilege('temp_file_limit', 'SET')
  ELSE pg_catalog.current_setting('is_superuser') = 'on' END`

function createServer({ tls, pool: sizes, schemas = ['public'] }: PostgresSettings, url: string): Server {
  let driver: PgDriver | undefined
  let target: ConnectionTarget | undefined
  let rules: SessionRules = { types: new Map(), schemas, canLimitFiles: false }
  const pool: LanePool<PgSession> = new LanePool({
    max: sizes.max,
    reserved: sizes.reserved,
    idleMs: sizes.idleMs,
    async open() {
      driver ??= await loadPg()
      target ??= readTarget(url, tls, sizes.connectTimeoutMs)
      return openSession(driver, target, (session) => pool.drop(session))
    },
    close: (session) => session.close(),
  })
  const execute: Server['execute'] = (statement, options) => executeIn(pool, statement, { ...options, rules })
  const refreshTypes: Server['refreshTypes'] = async (signal) => {
    const { rows } = await execute({ text: TYPES_SQL, parameters: [] }, { ...CATALOGUE, signal })
    rules = { ...rules, types: readTypes(rows) }
  }
  return {
    refreshTypes,
    execute,
    async connect(signal) {
      try {
        const { rows } = await execute({ text: CAN_LIMIT_SQL, parameters: [] }, { ...CATALOGUE, signal })
        rules = { ...rules, canLimitFiles: rows[0]?.[0] === 't' || rows[0]?.[0] === true }
        await refreshTypes(signal)
      } catch (failure) {
        signal.throwIfAborted()
        if (failure instanceof ToolgateError) throw failure
        throw toConnectFailure(failure instanceof SqlFailure ? failure.cause : failure, target)
      }
    },
    close: () => pool.close(),
  }
}
