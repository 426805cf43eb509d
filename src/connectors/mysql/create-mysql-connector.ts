import type { Connector } from '../connector.ts'
import { createSqlConnector } from '../sql/create-sql-connector.ts'
import { identifyCaller } from '../sql/identify-caller.ts'
import { createMysqlDatabase } from './mysql-database.ts'
import type { MysqlConnectorOptions } from './options.ts'
import { readTarget } from './target.ts'

/** Offers a database of MySQL or MariaDB. */
export function createMysqlConnector(options: MysqlConnectorOptions): Connector {
  const { name, prefix, schemas, identity, pool } = options
  return createSqlConnector({
    name,
    ...(prefix === undefined ? {} : { prefix }),
    options,
    database: createMysqlDatabase(readTarget(options), pool),
    ...(schemas === undefined ? {} : { schemas }),
    hasSchemas: true,
    identify: (caller) => identifyCaller(identity, caller),
  })
}
