import type { Connector } from '../connector.ts'
import { createSqlConnector } from '../sql/create-sql-connector.ts'
import { identifyCaller } from '../sql/identify-caller.ts'
import { createMssqlDatabase } from './create-mssql-database.ts'
import type { MssqlConnectorOptions } from './options.ts'
import { readSettings } from './read-settings.ts'

/** Offers a database of SQL Server. Needs the package tedious. Throws `CONNECTOR_FAILED` for a URL that cannot be read. */
export function createMssqlConnector(options: MssqlConnectorOptions): Connector {
  const { name, prefix, schemas, identity } = options
  return createSqlConnector({
    name,
    ...(prefix !== undefined && { prefix }),
    ...(schemas !== undefined && { schemas }),
    options,
    database: createMssqlDatabase(readSettings(options)),
    hasSchemas: true,
    identify: (caller) => identifyCaller(identity, caller),
  })
}
