import type { Caller } from '../../capabilities/call-context.ts'
import type { Connector } from '../connector.ts'
import { createSqlConnector } from '../sql/create-sql-connector.ts'
import type { SqlIdentity } from '../sql/database.ts'
import { callerValue } from '../sql/view-table.ts'
import { createMysqlDatabase } from './mysql-database.ts'
import type { MysqlConnectorOptions, MysqlIdentityOptions } from './options.ts'
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
    identify: (caller) => identify(caller, identity),
  })
}

/** Only what the caller has is set; the session was reset before, so that the others are NULL. */
function identify(caller: Caller, { role, settings }: MysqlIdentityOptions): SqlIdentity {
  const known = Object.entries(settings).flatMap(([name, path]) => {
    const value = callerValue(path, caller)
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  return { settings: Object.fromEntries(known), ...(role === undefined ? {} : { role }) }
}
