import { describe, it } from 'vitest'
import { createScratchDatabase, hasMysql, MYSQL_MISSING, POOL, urlOf } from '../../../test/fixtures/mysql.ts'
import { type SqlConnectorUnderTest, sqlConnectorSuite } from '../../testkit/sql-connector-suite.ts'
import { SQL_FIXTURE } from '../../testkit/sql-fixture.ts'
import { createMysqlDatabase } from './mysql-database.ts'
import { readTarget } from './target.ts'

const isThere = await hasMysql()

async function create(): Promise<SqlConnectorUnderTest> {
  const scratch = await createScratchDatabase(...SQL_FIXTURE)
  const target = readTarget({ name: 'shop', url: urlOf(scratch.name), tls: { mode: 'auto' }, pool: POOL })
  return {
    database: createMysqlDatabase(target, POOL),
    schema: scratch.name,
    execute: async (sql) => void (await scratch.execute(sql)),
    remove: scratch.remove,
  }
}

describe.skipIf(!isThere)(`a connector over MySQL or MariaDB (${MYSQL_MISSING})`, () => {
  for (const { name, run } of sqlConnectorSuite({ create })) it(name, run)
})
