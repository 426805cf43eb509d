import { afterAll, describe, expect, it } from 'vitest'
import {
  createPostgresDatabase as createScratch,
  HOW_TO_START_POSTGRES,
} from '../../../test/fixtures/postgres-server.ts'
import { UserError } from '../../errors.ts'
import { sqlConnectorSuite } from '../../testkit/sql-connector-suite.ts'
import { SQL_FIXTURE } from '../../testkit/sql-fixture.ts'
import { createPostgresDatabase } from './create-postgres-database.ts'
import { identifyCaller } from './identify-caller.ts'

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

describe('what a session is told of a caller', () => {
  const options = { role: 'tenant_{tenant}', settings: { 'app.user': 'id', 'app.region': 'claims.region' } }
  const caller = { id: 'key:1', name: 'Ada', roles: [], tenant: 'acme', claims: { region: 'eu' } }

  it('is what the configuration names of it', () => {
    const told = { role: 'tenant_acme', settings: { 'app.user': 'key:1', 'app.region': 'eu' } }
    expect(identifyCaller(options, caller)).toEqual(told)
  })

  it('is nothing at all when something of it is missing', () => {
    const { tenant, ...without } = caller
    expect(tenant).toBe('acme')
    expect(() => identifyCaller(options, without)).toThrow(UserError)
    expect(() => identifyCaller(options, { ...caller, claims: { region: ['eu'] } })).toThrow(UserError)
    expect(() => identifyCaller(options, { ...caller, tenant: '' })).toThrow(UserError)
  })
})
