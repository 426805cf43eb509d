import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector, Offered } from '../../../src/connectors/connector.ts'
import { createMysqlConnector } from '../../../src/connectors/mysql/create-mysql-connector.ts'
import { mysqlConnectorOptions } from '../../../src/connectors/mysql/options.ts'
import { isUserError, ToolgateError } from '../../../src/errors.ts'
import { callTool, type RowsOf } from '../../../src/testkit/sql-calls.ts'
import { createScratchDatabase, hasMysql, MYSQL_MISSING, POOL, type ScratchDatabase } from '../../fixtures/mysql.ts'
import { MYSQL_ATTACKS, MYSQL_INJECTIONS, MYSQL_LEGITIMATE } from './attacks.ts'

/** Whatever is in a value that nobody of acme may see holds one of these. */
const FORBIDDEN = /globex|SECRET-|000-00-|root:|auth_string|\/var\/lib|toolgate-attack/i

const SOURCE = [
  'CREATE TABLE shops (id INT PRIMARY KEY, region VARCHAR(20))',
  'CREATE TABLE products (id INT PRIMARY KEY, shop_id INT, name VARCHAR(40), price DECIMAL(10,2))',
  'CREATE TABLE customers (id INT PRIMARY KEY, tenant VARCHAR(20), name VARCHAR(60), ssn VARCHAR(20), phone VARCHAR(30))',
  'CREATE TABLE secret (id INT PRIMARY KEY, token VARCHAR(20))',
  'CREATE TABLE effects (what VARCHAR(20))',
  'CREATE SEQUENCE secret_sequence',
  "CREATE FUNCTION secret_function() RETURNS VARCHAR(20) DETERMINISTIC RETURN 'SECRET-9'",
  "INSERT INTO shops VALUES (1, 'north'), (2, 'south')",
  "INSERT INTO products SELECT seq, 1 + seq % 2, CONCAT('Product ', seq), seq * 1.5 FROM seq_1_to_40",
  `INSERT INTO customers SELECT seq, IF(seq % 2, 'acme', 'globex'), CONCAT('Customer of ', IF(seq % 2, 'acme', 'globex')),
    CONCAT('000-00-', seq), CONCAT('+49 30 12345', seq) FROM seq_1_to_40`,
  "INSERT INTO secret VALUES (1, 'SECRET-1')",
]

const ACME = { id: 'a', name: 'a', tenant: 'acme', roles: [] }
const OPENED: Connector[] = []
let scratch: ScratchDatabase
let typed: readonly Offered[] = []
let free: readonly Offered[] = []
let before: readonly (readonly unknown[])[]

/** All that an attack could have changed: rows, tables, locks, settings of the server. */
async function look(): Promise<readonly (readonly unknown[])[]> {
  const tables = `SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${scratch.name}'`
  return [
    ...(await scratch.execute(`${tables} ORDER BY TABLE_NAME`)),
    ...(await scratch.execute('CHECKSUM TABLE shops, products, customers, secret, effects')),
    ...(await scratch.execute("SELECT IS_USED_LOCK('toolgate-attack'), @@global.sql_mode, @@global.secure_file_priv")),
  ]
}

async function open(url: string, options: object): Promise<readonly Offered[]> {
  const given = { type: 'mysql', name: 'shop', url, tls: { mode: 'auto' }, pool: POOL, budget: BUDGET, ...options }
  const connector = createMysqlConnector(mysqlConnectorOptions.parse(given))
  OPENED.push(connector)
  return connector.connect(new AbortController().signal)
}

const call = async (offered: readonly Offered[], name: string, input: object): Promise<RowsOf> =>
  (await callTool(offered, `shop_${name}`, { who: ACME, input })) as RowsOf
const query = (sql: string): Promise<RowsOf> => call(free, 'query', { sql })
const find = (input: object): Promise<RowsOf> => call(typed, 'find', { table: 'customers', ...input })

const BUDGET = { maxRows: 50, maxBytes: 100_000, timeoutMs: 2_000 }

describe.skipIf(!(await hasMysql()))(`MySQL and MariaDB under attack (${MYSQL_MISSING})`, () => {
  beforeAll(async () => {
    scratch = await createScratchDatabase(...SOURCE)
    const reads = ['shops', 'products'].map((table) => `SELECT ON ${scratch.name}.${table}`)
    typed = await open(await scratch.login(`SELECT ON ${scratch.name}.*`), {
      tables: {
        customers: {
          columns: { ssn: 'hide', phone: 'partial' },
          rows: [{ where: { tenant: { caller: 'tenant' } } }],
        },
      },
      queries: {
        by_name: {
          sql: 'SELECT id, name FROM customers WHERE tenant = :tenant AND name = :name',
          description: 'By name.',
          input: { tenant: { caller: 'tenant' }, name: { type: 'string' } },
        },
      },
    })
    free = await open(await scratch.login(...reads), {
      tables: { shops: {}, products: {} },
      freeSql: { enabled: true },
    })
    before = await look()
  }, 30_000)

  afterAll(async () => {
    expect(await look()).toEqual(before)
    expect(existsSync('/tmp/toolgate-attack')).toBe(false)
    await Promise.all(OPENED.map((connector) => connector.close()))
    await scratch.remove()
  })

  it.each(MYSQL_ATTACKS)('free SQL tells nothing: %s', { timeout: 15_000 }, async (sql) => {
    const answer: unknown = await query(sql).then(
      ({ rows }) => rows,
      (thrown: unknown) => thrown,
    )
    if (answer instanceof Error) {
      expect(answer instanceof ToolgateError || isUserError(answer)).toBe(true)
      expect(sql.includes('globex') || sql.includes('toolgate-attack') ? '' : answer.message).not.toMatch(FORBIDDEN)
    } else expect(JSON.stringify(answer)).not.toMatch(FORBIDDEN)
  })

  it.each(MYSQL_INJECTIONS)('an argument stays an argument: %s', { timeout: 15_000 }, async (text) => {
    for (const op of ['=', '!=', 'contains', 'starts_with']) {
      const found: unknown = await find({ filters: [{ column: 'name', op, value: text }] }).catch(
        (thrown: unknown) => thrown,
      )
      if (found instanceof Error) expect(found.message.replaceAll(text, '')).not.toMatch(FORBIDDEN)
      else expect(JSON.stringify(found)).not.toMatch(FORBIDDEN)
    }
    const elsewhere = [
      { columns: [text] },
      { filters: [{ column: text, op: '=', value: 1 }] },
      { filters: [{ column: 'id', op: text, value: 1 }] },
      { order: [{ column: text }] },
      { order: [{ column: 'id', direction: text }] },
      { cursor: text },
      { table: text },
      { limit: text },
    ]
    for (const input of elsewhere) {
      const told: unknown = await find(input).then(
        ({ rows }) => rows,
        (thrown: unknown) => thrown,
      )
      expect(String(told instanceof Error ? told.message.replaceAll(text, '') : JSON.stringify(told))).not.toMatch(
        FORBIDDEN,
      )
    }
  })

  it('a caller’s rows are those of its tenant, whatever is asked', async () => {
    expect((await find({ limit: 50 })).rows).toHaveLength(20)
    for (const value of ['globex', 'GLOBEX', 'glöbex', 'globex ']) {
      expect((await find({ filters: [{ column: 'tenant', op: '=', value }] })).rows).toEqual([])
    }
    expect((await find({ filters: [{ column: 'id', op: '=', value: 2 }] })).rows).toEqual([])
    await expect(find({ filters: [{ column: 'ssn', op: '=', value: '000-00-1' }] })).rejects.toThrow()
    await expect(find({ filters: [{ column: 'phone', op: '=', value: '+49 30 123451' }] })).rejects.toThrow()
  })

  it('leaves nothing of one caller in the session of the next', async () => {
    for (let turn = 0; turn < 8; turn += 1) {
      await query("SELECT GET_LOCK('toolgate-attack', 0)").catch(() => undefined)
      expect((await query('SELECT @app_tenant, @x')).rows).toEqual([[null, null]])
    }
  })

  it.each(MYSQL_LEGITIMATE)('answers %s', async (sql) => {
    const { columns, rows } = await query(sql)
    expect(columns.length).toBeGreaterThan(0)
    expect(rows.length).toBeGreaterThan(0)
  })
})
