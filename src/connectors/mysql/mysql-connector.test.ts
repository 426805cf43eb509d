import { describe, it } from 'vitest'
import {
  createDatabaseNamed,
  createScratchDatabase,
  hasMysql,
  MYSQL_MISSING,
  POOL,
  scratchName,
  urlOf,
} from '../../../test/fixtures/mysql.ts'
import { type SqlConnectorUnderTest, sqlConnectorSuite } from '../../testkit/sql-connector-suite.ts'
import { SQL_SUITE_FIXTURE, type SqlDatabaseUnderTest, sqlDatabaseSuite } from '../../testkit/sql-database-suite.ts'
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

/** A database is a schema here; every test makes and drops it. */
const schema = scratchName()

async function createSuiteDatabase(): Promise<SqlDatabaseUnderTest> {
  const scratch = await createDatabaseNamed(schema, SQL_SUITE_FIXTURE)
  const target = readTarget({ name: 'suite', url: urlOf(scratch.name), tls: { mode: 'auto' }, pool: POOL })
  return {
    database: createMysqlDatabase(target, POOL),
    async countSlow() {
      const look = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '${scratch.name}' AND INFO LIKE 'SELECT SLEEP(60)%'`
      return Number((await scratch.execute(look))[0]?.[0])
    },
    dispose: scratch.remove,
  }
}

const contract = sqlDatabaseSuite({
  create: createSuiteDatabase,
  schema,
  slow: 'SELECT SLEEP(60)',
  writeRows: (count) => `SELECT seq FROM seq_1_to_${count}`,
  writeText: (length) => `SELECT REPEAT('x', ${length})`,
  traces: [
    { leave: 'SET @mine = 1', look: 'SELECT @mine' },
    { leave: "SELECT GET_LOCK('suite', 1)", look: "SELECT IS_USED_LOCK('suite')" },
  ],
  identity: { identity: { settings: { app_tenant: 'acme' } }, look: 'SELECT @app_tenant', told: 'acme' },
})

describe.skipIf(!isThere)(`a database of MySQL or MariaDB (${MYSQL_MISSING})`, () => {
  for (const { name, run } of contract) it(name, run)
})

describe.skipIf(!isThere)(`a connector over MySQL or MariaDB (${MYSQL_MISSING})`, () => {
  for (const { name, run } of sqlConnectorSuite({ create })) it(name, run)
})
