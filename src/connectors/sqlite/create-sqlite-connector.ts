import type { Connector } from '../connector.ts'
import { createSqlConnector } from '../sql/create-sql-connector.ts'
import { createSqliteDatabase } from './create-sqlite-database.ts'
import type { SqliteConnectorOptions } from './options.ts'

/** Offers an SQLite file. */
export function createSqliteConnector(options: SqliteConnectorOptions): Connector {
  const { name, prefix, path, readers } = options
  return createSqlConnector({
    name,
    ...(prefix === undefined ? {} : { prefix }),
    options,
    database: createSqliteDatabase({ name, path, readers }),
    hasSchemas: false,
  })
}
