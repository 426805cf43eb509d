import type { Caller } from '../capabilities/call-context.ts'
import { createSqlConnector } from '../connectors/sql/create-sql-connector.ts'
import type { SqlDatabase } from '../connectors/sql/database.ts'
import { readSqlOptions } from '../connectors/sql/options.ts'
import type { ContractCase } from './contract-case.ts'
import { callTool, type RowsOf } from './sql-calls.ts'
import { SQL_CONFIGURATION } from './sql-fixture.ts'
import { type Shop, SQL_STORIES } from './sql-stories.ts'

/** A database that `SQL_FIXTURE` was loaded into, made anew for every test. */
export interface SqlConnectorUnderTest {
  readonly database: SqlDatabase
  /** Schema that the tables are in; empty where the engine has none. */
  readonly schema: string
  /** Runs a statement beside the connector, with every right. */
  readonly execute: (sql: string) => Promise<void>
  readonly remove: () => Promise<void>
}

/** What the suite is run with. */
export interface SqlConnectorSuiteOptions {
  readonly create: () => Promise<SqlConnectorUnderTest>
}

/**
 * The contract of a connector over an SQL database, as tests: who sees which rows and columns, whatever they send. Every
 * engine of Toolgate runs it.
 *
 * @example
 * for (const { name, run } of sqlConnectorSuite({ create })) it(name, run)
 */
export function sqlConnectorSuite({ create }: SqlConnectorSuiteOptions): readonly ContractCase[] {
  return Object.entries(SQL_STORIES).map(([name, story]) => ({ name, run: () => runStory(create, story) }))
}

async function runStory(
  create: SqlConnectorSuiteOptions['create'],
  story: (shop: Shop) => Promise<void>,
): Promise<void> {
  const under = await create()
  const table = (name: string): string => (under.schema === '' ? name : `${under.schema}.${name}`)
  const connector = createSqlConnector({
    name: 'shop',
    options: readSqlOptions(SQL_CONFIGURATION),
    database: under.database,
    hasSchemas: under.schema !== '',
    ...(under.schema === '' ? {} : { schemas: [under.schema] }),
  })
  try {
    const offered = await connector.connect(new AbortController().signal)
    const call = (tool: string, who: Caller, input: object): Promise<unknown> => callTool(offered, tool, { who, input })
    await story({
      offered,
      call,
      find: async (who, input) => (await call('shop_find', who, input)) as RowsOf,
      under,
      table,
      onChange: (listener) => connector.onChange?.(listener),
    })
  } finally {
    await connector.close()
    await under.remove()
  }
}
