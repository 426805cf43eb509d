import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector, Offered } from '../../../src/connectors/connector.ts'
import { readSqlOptions } from '../../../src/connectors/sql/options.ts'
import { createSqliteConnector } from '../../../src/connectors/sqlite/create-sqlite-connector.ts'
import { openFile } from '../../../src/connectors/sqlite/open-file.ts'
import { ToolgateError, UserError } from '../../../src/errors.ts'
import { callTool, type RowsOf } from '../../../src/testkit/sql-calls.ts'
import { SQLITE_ATTACKS, SQLITE_PROBES } from './attacks.ts'
import { SQLITE_LEGITIMATE } from './legitimate.ts'

/** Whatever is in a value that nobody of acme may see holds one of these. */
const FORBIDDEN = /globex|SECRET|000-00|@example|root:|sqlite_autoindex|CREATE |hidden/i

const FILE_SQL = `
CREATE TABLE customers (id INTEGER PRIMARY KEY, tenant TEXT, name TEXT, ssn TEXT, email TEXT, phone TEXT);
CREATE UNIQUE INDEX customers_ssn ON customers (ssn);
CREATE INDEX customers_tenant ON customers (tenant, name);
CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT, customer_id INT, status TEXT, total REAL, placed_at TEXT);
CREATE TABLE secret (id INTEGER PRIMARY KEY, token TEXT);
CREATE TABLE effects (what TEXT);
CREATE VIEW vip AS SELECT id, name FROM customers WHERE tenant = 'acme' AND id < 5;
CREATE VIRTUAL TABLE docs USING fts5(body);
INSERT INTO docs VALUES ('hidden words');
INSERT INTO secret VALUES (1, 'SECRET-1');
INSERT INTO effects VALUES ('nothing yet');
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40)
INSERT INTO customers SELECT x, iif(x % 2, 'acme', 'globex'), 'Customer of ' || iif(x % 2, 'acme', 'globex'),
  '000-00-' || x, 'c' || x || '@example.com', '+49 30 12345' || x FROM n;
INSERT INTO orders (tenant, customer_id, status, total, placed_at)
  SELECT tenant, id, iif(id % 3, 'open', 'paid'), id * 1.5, '2025-01-01' FROM customers;
ANALYZE;
`

const OPTIONS = readSqlOptions({
  tables: {
    customers: {
      columns: { ssn: 'hide', email: 'hash', phone: 'partial' },
      rows: [{ where: { tenant: { caller: 'tenant' } } }],
    },
    orders: { rows: [{ where: { tenant: { caller: 'tenant' } } }] },
    vip: {},
  },
  freeSql: { enabled: true },
  budget: { maxRows: 50, maxBytes: 100_000, timeoutMs: 4_000 },
})

const ACME = { id: 'a', name: 'a', tenant: 'acme', roles: [] }

const directory = mkdtempSync(join(tmpdir(), 'toolgate-sqlite-attacks-'))
const path = join(directory, 'shop.db')
let connector: Connector
let offered: readonly Offered[] = []

const query = async (sql: string): Promise<RowsOf> =>
  (await callTool(offered, 'shop_query', { who: ACME, input: { sql } })) as RowsOf
const find = async (input: object): Promise<RowsOf> =>
  (await callTool(offered, 'shop_find', { who: ACME, input: { table: 'customers', ...input } })) as RowsOf

beforeAll(async () => {
  openFile({ path, isWriter: true }).exec(FILE_SQL)
  connector = createSqliteConnector({
    ...OPTIONS,
    ...{ type: 'sqlite', name: 'shop', path, readers: 3 },
  } as Parameters<typeof createSqliteConnector>[0])
  offered = await connector.connect(new AbortController().signal)
}, 30_000)

afterAll(async () => {
  await connector.close()
  const file = openFile({ path, isWriter: false })
  const left = [...iterate(file.prepare('SELECT what FROM effects').iterate())]
  file.close()
  rmSync(directory, { recursive: true })
  expect(left).toEqual([['nothing yet']])
  expect(readdirSync('.').filter((name) => name.startsWith('toolgate-attack'))).toEqual([])
  expect(existsSync('x.db')).toBe(false)
})

function* iterate(iterator: Iterator<readonly unknown[]>): Generator<readonly unknown[]> {
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value
}

describe('attacks on free SQL over SQLite', () => {
  it('are many, each with an id of its own', () => {
    expect(SQLITE_ATTACKS.length).toBeGreaterThanOrEqual(120)
    expect(new Set(SQLITE_ATTACKS.map(({ id }) => id)).size).toBe(SQLITE_ATTACKS.length)
  })

  it.each(SQLITE_ATTACKS)('$id is refused, and tells nothing: $sql', { timeout: 20_000 }, async ({ sql }) => {
    const refusal: unknown = await query(sql).then(
      ({ rows }) => `it answered ${JSON.stringify(rows)}`,
      (thrown: unknown) => thrown,
    )
    expect(refusal).toBeInstanceOf(Error)
    expect(refusal instanceof UserError || refusal instanceof ToolgateError).toBe(true)
    // The words of the caller may come back to it, nothing else.
    const told = (refusal as Error).message
    expect(sql.includes('globex') ? '' : told).not.toMatch(FORBIDDEN_TOLD)
  })

  it.each(SQLITE_PROBES)('%s shows what is the caller’s alone', async (sql) => {
    const answer = await query(sql).catch((thrown: Error) => thrown.message)
    expect(JSON.stringify(typeof answer === 'string' ? answer : answer.rows)).not.toMatch(FORBIDDEN)
  })

  it('are values and names like any other in the arguments of find', { timeout: 60_000 }, async () => {
    for (const { sql } of SQLITE_ATTACKS.filter(
      ({ sql, ...attack }) => attack.class !== 'exhaustion' && !sql.includes('\0'),
    )) {
      const { rows } = await find({ filters: [{ column: 'name', op: '=', value: sql }] })
      expect(rows).toEqual([])
      await expect(find({ columns: [sql] }), sql).rejects.toThrow()
      await expect(find({ filters: [{ column: sql, op: '=', value: 1 }] }), sql).rejects.toThrow()
      await expect(find({ cursor: sql }), sql).rejects.toThrow()
    }
  })
})

const FORBIDDEN_TOLD = /globex|SECRET-|000-00-|@example|root:|CREATE VIEW|s[0-9a-f]{36}/

describe('legitimate statements over SQLite', () => {
  it('are many', () => expect(SQLITE_LEGITIMATE.length).toBeGreaterThanOrEqual(60))

  it.each(SQLITE_LEGITIMATE)('%s', async (sql) => {
    const { columns, rows } = await query(sql)
    expect(columns.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toMatch(FORBIDDEN)
  })

  it('sees the caller’s rows, and all of them', async () => {
    expect(await query('SELECT count(*), min(id), max(id) FROM customers')).toMatchObject({ rows: [[20, 1, 39]] })
    expect(await query('SELECT phone FROM customers WHERE id = 1')).toMatchObject({ rows: [['+4***51']] })
  })
})
