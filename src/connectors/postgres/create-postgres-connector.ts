import type { Connector } from '../connector.ts'
import { createSqlConnector } from '../sql/create-sql-connector.ts'
import { identifyCaller } from '../sql/identify-caller.ts'
import { createPostgresDatabase } from './create-postgres-database.ts'
import type { PostgresConnectorOptions } from './options.ts'

/** Offers a PostgreSQL database. Needs the package pg, and libpg-query for free SQL. */
export function createPostgresConnector(options: PostgresConnectorOptions): Connector {
  const { name, prefix, schemas, identity } = options
  return createSqlConnector({
    name,
    ...(prefix !== undefined && { prefix }),
    ...(schemas !== undefined && { schemas }),
    options,
    database: createPostgresDatabase(options),
    hasSchemas: true,
    identify: (caller) => identifyCaller(identity, caller),
  })
}
