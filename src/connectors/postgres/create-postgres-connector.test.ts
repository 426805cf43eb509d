import { afterAll, describe, it } from 'vitest'
import {
  createPostgresDatabase as createScratch,
  HOW_TO_START_POSTGRES,
} from '../../../test/fixtures/postgres-server.ts'
import { sqlConnectorSuite } from '../../testkit/sql-connector-suite.ts'
import { SQL_FIXTURE } from '../../testkit/sql-fixture.ts'
import { createPostgresDatabase } from './create-postgres-database.ts'

const probe = await createScratch()
afterAll(() => probe?.drop())

const suite = sqlConnectorSuite({
  async create() {
    const own = await createScratch()
    if (own === undefined) throw new Error(HOW_TO_START_POSTGRES)
    for (const sql of SQL_FIXTURE) await own.admin.query(sql)
    return {
      schema: 'public',
      database: createPostgresDatabase({
        url: own.url,
        tls: { mode: 'auto' },
        pool: { max: 4, reserved: 1, connectTimeoutMs: 5_000, idleMs: 60_000 },
      }),
      execute: async (sql) => {
        await own.admin.query(sql)
      },
      remove: () => own.drop(),
    }
  },
})

describe.skipIf(probe === undefined)(`a connector over PostgreSQL (${HOW_TO_START_POSTGRES})`, () => {
  for (const { name, run } of suite) it(name, run)
})
