import { afterAll, describe, expect, it } from 'vitest'
import {
  createPostgresDatabase as createScratch,
  HOW_TO_START_POSTGRES,
} from '../../../test/fixtures/postgres-server.ts'
import { UserError } from '../../errors.ts'
import { SQL_SUITE_FIXTURE } from '../../testkit/sql-database-suite.ts'
import { NO_IDENTITY, type SqlDatabase, type SqlResult } from '../sql/database.ts'
import type { Table } from '../sql/database-schema.ts'
import type { FreeSql, TableView } from '../sql/free-sql.ts'
import { createPostgresDatabase } from './create-postgres-database.ts'

const scratch = await createScratch()
const opened: SqlDatabase[] = []

afterAll(async () => {
  for (const database of opened) await database.close()
  await scratch?.drop()
})

const signal = new AbortController().signal

async function open(): Promise<{ database: SqlDatabase; freeSql: FreeSql; items: Table }> {
  const database = createPostgresDatabase({
    url: scratch?.url ?? '',
    tls: { mode: 'auto' },
    pool: { max: 4, reserved: 1, connectTimeoutMs: 5_000, idleMs: 60_000 },
    identity: { settings: { 'app.tenant': 'tenant' } },
  })
  opened.push(database)
  await database.connect(signal)
  const { tables } = await database.readSchema(['public'], signal)
  const items = tables.find(({ name }) => name === 'suite_items')
  if (items === undefined || database.freeSql === undefined) throw new Error('no fixture')
  await database.freeSql.prepare([items], signal)
  return { database, freeSql: database.freeSql, items }
}

describe.skipIf(scratch === undefined)(`free SQL (${HOW_TO_START_POSTGRES})`, () => {
  it('sees the columns and rows of the caller alone, masked where they are', async () => {
    for (const sql of SQL_SUITE_FIXTURE) await scratch?.admin.query(sql)
    const { database, freeSql, items } = await open()
    const view: readonly TableView[] = [
      { table: items, columns: ['id', 'name'], masks: { name: "'***'::pg_catalog.text" }, where: '"id" < 3' },
    ]
    const ask = async (sql: string): Promise<SqlResult['rows']> => {
      const statement = freeSql.guard(sql, view, [])
      expect(statement.isGuarded).toBe(true)
      const budget = { maxRows: 10, maxBytes: 100_000, timeoutMs: 5_000 }
      const options = { signal, access: 'read', lane: 'ordinary', budget, identity: NO_IDENTITY } as const
      return (await database.execute(statement, options)).rows
    }
    expect(await ask('SELECT * FROM suite_items ORDER BY id DESC')).toEqual([
      [2, '***'],
      [1, '***'],
    ])
    for (const sql of [
      'SELECT price FROM suite_items',
      'SELECT * FROM suite_orders',
      'SELECT pg_sleep(1)',
      'DELETE FROM suite_items',
      "SELECT set_config('app.tenant', 'x', false)",
      'SELECT 1; SELECT 2',
    ]) {
      expect(() => freeSql.guard(sql, view, []), sql).toThrow(UserError)
    }
    expect(() => freeSql.guard('SELECT * FROM suite_item', view, [])).toThrow(
      /^(?!.*Did you mean.*Did you mean).*Did you mean suite_items\?/,
    )
  })

  it('knows what a statement would cost', async () => {
    const { database, freeSql, items } = await open()
    const view = [{ table: items, columns: items.columns.map(({ name }) => name), masks: {} }]
    const cost = async (sql: string): Promise<number | undefined> => {
      const plan = freeSql.estimate?.toStatement(freeSql.guard(sql, view, []))
      const budget = { maxRows: 10, maxBytes: 100_000, timeoutMs: 5_000 }
      const options = { signal, access: 'read', lane: 'cheap', budget, identity: NO_IDENTITY } as const
      return freeSql.estimate?.readCost(plan === undefined ? [] : (await database.execute(plan, options)).rows)
    }
    const one = await cost('SELECT * FROM suite_items')
    expect(await cost('SELECT * FROM suite_items a, suite_items b')).toBeGreaterThan(Number(one))
    expect(await cost('EXPLAIN SELECT * FROM suite_items')).toBeUndefined()
  })

  it('believes the database alone to hold rows, where row-level security is for the login', async () => {
    const { freeSql, items } = await open()
    // The superuser of the tests passes by it.
    await scratch?.admin.query('ALTER TABLE suite_items ENABLE ROW LEVEL SECURITY')
    await freeSql.prepare([items], signal)
    expect(freeSql.enforcesRows(items)).toBe(false)
  })
})
