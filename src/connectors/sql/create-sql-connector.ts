import { randomBytes } from 'node:crypto'
import type { Caller } from '../../capabilities/call-context.ts'
import type { Definition } from '../../capabilities/definition.ts'
import { ToolgateError } from '../../errors.ts'
import type { Connector, Offered } from '../connector.ts'
import { prefixName } from '../prefix-name.ts'
import { NO_IDENTITY, type SqlDatabase, type SqlIdentity } from './database.ts'
import { describeFailure } from './describe-failure.ts'
import { type ExposedTable, type Exposure, exposeTables, mismatch } from './exposure.ts'
import { genericFindTools, tableFindTools } from './find-tools.ts'
import { freeSqlTool } from './free-sql-tool.ts'
import type { SqlOptions } from './options.ts'
import { checkPrivileges, type PrivilegeWarning } from './privilege-report.ts'
import { queryTools } from './query-tools.ts'
import { createSchemaWatch, type SchemaWatch } from './schema-watch.ts'
import { searchSchemaTool } from './search-schema-tool.ts'
import { createSqlSession, type SqlSession } from './sql-session.ts'
import type { SqlSource } from './sql-source.ts'
import { tableResources, tableTemplates } from './table-resources.ts'

/** A database, and what of it is offered to whom. */
export interface SqlConnectorSource {
  readonly name: string
  /** Put before the names of tools. Default: the name and `_`. */
  readonly prefix?: string
  readonly options: SqlOptions
  readonly database: SqlDatabase
  /** Schemas that are looked at; all when absent. */
  readonly schemas?: readonly string[]
  readonly hasSchemas: boolean
  /** What the sessions of a caller's statements are told of the caller. */
  readonly identify?: (caller: Caller) => SqlIdentity
}

/**
 * Offers a database: resources and tools over the tables that the configuration exposes, its named queries and, where
 * it is enabled, free SQL. What is offered follows the schema: a table that is dropped or changed is announced.
 */
export function createSqlConnector(source: SqlConnectorSource): Connector {
  return new SqlConnector(source)
}

class SqlConnector implements Connector {
  readonly name: string
  readonly #source: SqlConnectorSource
  readonly #session: SqlSession
  readonly #watch: SchemaWatch
  readonly #faults = new Set<(fault: ToolgateError) => void>()
  readonly #changes = new Set<(offered: readonly Offered[]) => void>()
  /** Without one in the configuration, masks of two runs cannot be compared. */
  readonly #maskKey: string
  #tables: readonly ExposedTable[] = []
  #warnings: readonly PrivilegeWarning[] = []

  constructor(source: SqlConnectorSource) {
    const { name, database, options, identify = () => NO_IDENTITY } = source
    this.name = name
    this.#source = source
    this.#maskKey = options.maskKey ?? randomBytes(16).toString('base64url')
    this.#session = createSqlSession({ connector: name, database, budget: options.budget, identify })
    this.#watch = createSchemaWatch({
      everyMs: options.schemaRefreshMs,
      read: (signal) => this.#read(signal),
      report: (thrown) => this.#report(thrown),
      changed: (exposure) => this.#change(exposure),
    })
  }

  async connect(signal: AbortSignal): Promise<readonly Offered[]> {
    const { database, options } = this.#source
    try {
      await database.connect(signal)
      const offered = await this.reload(signal)
      const exposed = this.#tables.map(({ table }) => ({ schema: table.schema, name: table.name }))
      const report = await database.readPrivileges(exposed, signal)
      this.#warnings = checkPrivileges(this.name, report, options.allowPrivileged)
      this.#watch.start()
      return offered
    } catch (thrown) {
      throw toFault(thrown, this.name)
    }
  }

  async reload(signal: AbortSignal): Promise<readonly Offered[]> {
    const exposure = await this.#read(signal)
    if (exposure.mistakes.length > 0) throw mismatch(exposure.mistakes)
    this.#tables = exposure.tables
    this.#watch.saw(exposure)
    return offer(this.#source, () => this.#current())
  }

  onChange(listener: (offered: readonly Offered[]) => void): () => void {
    this.#changes.add(listener)
    return () => this.#changes.delete(listener)
  }

  onFault(listener: (fault: ToolgateError) => void): () => void {
    this.#faults.add(listener)
    for (const warning of this.#warnings) listener(warning)
    return () => this.#faults.delete(listener)
  }

  async close(): Promise<void> {
    this.#watch.stop()
    await this.#source.database.close()
  }

  #current(): SqlSource {
    const { database, hasSchemas, options } = this.#source
    return {
      name: this.name,
      dialect: database.dialect,
      hasSchemas,
      tables: this.#tables,
      session: this.#session,
      maxRows: options.budget.maxRows,
    }
  }

  async #read(signal: AbortSignal): Promise<Exposure> {
    const { database, schemas, options } = this.#source
    const exposure = exposeTables({ ...options, maskKey: this.#maskKey }, await database.readSchema(schemas, signal))
    if (options.freeSql.enabled) {
      const tables = exposure.tables.map(({ table }) => table)
      await database.freeSql?.prepare(tables, signal)
    }
    return exposure
  }

  /** What no longer fits is withdrawn and said; the rest goes on. */
  #change(exposure: Exposure): void {
    this.#tables = exposure.tables
    if (exposure.mistakes.length > 0) this.#report(mismatch(exposure.mistakes))
    const offered = offer(this.#source, () => this.#current())
    for (const listener of this.#changes) listener(offered)
  }

  #report(thrown: unknown): void {
    const fault = toFault(thrown, this.name)
    for (const listener of this.#faults) listener(fault)
  }
}

function offer(source: SqlConnectorSource, current: () => SqlSource): readonly Offered[] {
  const { name, options, database } = source
  const prefix = source.prefix ?? `${name.replaceAll('-', '_')}_`
  const { tables } = current()
  const places: (readonly [string, readonly Definition[]])[] = [
    ['queries', queryTools(options.queries, current)],
    ['tables', tables.length === 0 ? [] : [searchSchemaTool(current)]],
    ['tables', findTools(options, current)],
    ['tables', options.resources && tables.length > 0 ? [...tableResources(current), ...tableTemplates(current)] : []],
    ['freeSql', options.freeSql.enabled ? [freeSql(name, database, options, current)] : []],
  ]
  return places.flatMap(([place, definitions]) =>
    definitions.map((definition) => ({ definition: prefixName(definition, prefix), source: place })),
  )
}

function findTools({ find }: SqlOptions, current: () => SqlSource): readonly Definition[] {
  const { tables } = current()
  if (find === 'off' || tables.length === 0) return []
  return find === 'generic' ? genericFindTools(current) : tables.flatMap((exposed) => tableFindTools(current, exposed))
}

function freeSql(
  name: string,
  { freeSql: held }: SqlDatabase,
  options: SqlOptions,
  current: () => SqlSource,
): Definition {
  if (held !== undefined) return freeSqlTool(current, held, options.freeSql)
  throw new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `Free SQL cannot be held to what ${name} exposes: its database has no means for it.`,
    hint: 'Remove freeSql.enabled and write named queries instead.',
  })
}

function toFault(thrown: unknown, name: string): ToolgateError {
  const told = describeFailure(thrown, name)
  if (told instanceof ToolgateError && told.code !== 'CONNECTOR_UNAVAILABLE') return told
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The database of "${name}" cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    hint: 'Look at the address, the login and whether the server runs.',
    cause: thrown,
  })
}
