import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createScratchDatabase,
  hasMysql,
  MYSQL_MISSING,
  openDatabase,
  type ScratchDatabase,
  urlOf,
} from '../../../test/fixtures/mysql.ts'
import type { SqlDatabase, SqlResult } from '../sql/database.ts'
import type { Table } from '../sql/database-schema.ts'
import type { FreeSql, TableView } from '../sql/free-sql.ts'

const isThere = await hasMysql()
const BUDGET = { maxRows: 100, maxBytes: 64 * 1024, timeoutMs: 500 }
const anySignal = (): AbortSignal => new AbortController().signal

/** Each must be refused, by the guard or by the server, or answer nothing that it should not. */
const ATTACKS: readonly string[] = [
  'SELECT * FROM secrets',
  'SELECT * FROM `secrets`',
  'SELECT (SELECT word FROM secrets LIMIT 1)',
  'SELECT id FROM shown UNION SELECT word FROM secrets',
  'WITH x AS (SELECT * FROM secrets) SELECT * FROM x',
  'TABLE secrets',
  'SELECT * FROM shown WHERE EXISTS (SELECT 1 FROM secrets)',
  'SELECT id FROM shown PROCEDURE ANALYSE()',
  'SELECT secret_word()',
  "SELECT * FROM mysql.user WHERE user = 'root'",
  'SELECT * FROM mysql.global_priv',
  'SELECT * FROM information_schema.PROCESSLIST',
  'SELECT * FROM INFORMATION_SCHEMA . PROCESSLIST',
  'SELECT * FROM `information_schema`.`processlist`',
  'SELECT * FROM İnformation_schema.tables',
  'SELECT * FROM /*! information_schema.*/ tables',
  'SELECT * FROM performance_schema.threads',
  'SELECT * FROM sys.session',
  "SELECT LOAD_FILE('/etc/passwd')",
  "SELECT 1 INTO OUTFILE '/tmp/toolgate-out'",
  "SELECT 1 INTO DUMPFILE '/tmp/toolgate-dump'",
  'SELECT 1 INTO @app_tenant',
  "SELECT @app_tenant := 'globex'",
  "SELECT @app_tenant/**/:='globex'",
  'SELECT @@datadir',
  'SELECT @@global.secure_file_priv',
  'SELECT 1; DROP TABLE shown',
  'SELECT 1; SELECT * FROM secrets',
  '/*!50000 DROP TABLE shown */',
  'SELECT 1 /*!50000 UNION SELECT word FROM secrets */',
  'SELECT 1 /*M! UNION SELECT word FROM secrets */',
  "INSERT INTO shown VALUES (9, 'x')",
  "UPDATE shown SET v = 'x'",
  'DELETE FROM shown',
  "REPLACE INTO shown VALUES (1, 'x')",
  'TRUNCATE shown',
  'DROP TABLE shown',
  'CREATE TABLE evil (id INT)',
  'CREATE TEMPORARY TABLE evil (id INT)',
  'ALTER TABLE shown ADD x INT',
  'WITH x AS (SELECT 1) DELETE FROM shown',
  "GRANT ALL ON *.* TO 'root'@'%'",
  'SET @x = 1',
  'CALL anything()',
  'DO SLEEP(100)',
  'HANDLER shown OPEN',
  'EXPLAIN SELECT * FROM secrets',
  'SHOW GRANTS',
  'SHOW PROCESSLIST',
  'DESCRIBE secrets',
  "PREPARE p FROM 'DROP TABLE shown'",
  'BEGIN NOT ATOMIC DROP TABLE shown; END',
  'LOCK TABLES shown READ',
  'FLUSH TABLES',
  'KILL 1',
  'COMMIT',
  'USE mysql',
  'SELECT * FROM shown FOR UPDATE',
  'SELECT * FROM shown FOR/**/UPDATE',
  'SELECT * FROM shown LOCK IN SHARE MODE',
  'SELECT NEXTVAL(numbers)',
  'SELECT SLEEP(100)',
  "SELECT BENCHMARK(1000000000, SHA2('x', 512))",
  'SELECT COUNT(*) FROM shown a, shown b, shown c, shown d, shown e, shown f, shown g, shown h, shown i, shown j, shown k, shown l, shown m, shown n, shown o, shown p, shown q, shown r, shown s, shown t, shown u, shown v, shown w, shown x, shown y, shown z, shown a1, shown a2, shown a3, shown a4',
  `${'('.repeat(50_000)}SELECT 1`,
  `SELECT 1${' + 1'.repeat(30_000)}`,
  'SELECT \0 1',
  '',
]

describe.skipIf(!isThere)(`free SQL on MySQL or MariaDB (${MYSQL_MISSING})`, () => {
  let scratch: ScratchDatabase
  let database: SqlDatabase
  let tables: readonly Table[]

  beforeAll(async () => {
    scratch = await createScratchDatabase(
      'CREATE TABLE shown (id INT PRIMARY KEY, v VARCHAR(40))',
      "INSERT INTO shown VALUES (1, 'one'), (2, 'two')",
      'CREATE TABLE secrets (word VARCHAR(40))',
      "INSERT INTO secrets VALUES ('swordfish')",
      'CREATE SEQUENCE numbers',
      'CREATE FUNCTION secret_word() RETURNS VARCHAR(40) SQL SECURITY DEFINER RETURN (SELECT word FROM secrets LIMIT 1)',
    )
    database = await openDatabase(await scratch.login(`SELECT ON ${scratch.name}.shown`))
    tables = (await database.readSchema(undefined, anySignal())).tables
    await free(database).prepare(tables, anySignal())
  })

  afterAll(async () => {
    await database.close()
    await scratch.remove()
  })

  const free = ({ freeSql }: SqlDatabase): FreeSql => freeSql as FreeSql
  const views = (more: Partial<TableView> = {}): readonly TableView[] =>
    tables.map((table) => ({ table, columns: table.columns.map(({ name }) => name), masks: {}, ...more }))

  async function ask(sql: string): Promise<SqlResult> {
    const statement = free(database).guard(sql, views(), [])
    const identity = { settings: { app_tenant: 'acme' } }
    return database.execute(statement, {
      signal: anySignal(),
      access: 'read',
      lane: 'ordinary',
      budget: BUDGET,
      identity,
    })
  }

  it('sees the tables of its grants alone', () => {
    expect(tables.map(({ name }) => name)).toEqual(['shown'])
  })

  it.each([
    ['SELECT v FROM shown ORDER BY id', [['one'], ['two']]],
    ['-- what there is\nSELECT COUNT(*) FROM shown', [['2']]],
    ['WITH x AS (SELECT id FROM shown) SELECT MAX(id) FROM x', [[2]]],
    ['(SELECT 1) UNION (SELECT 2)', [[1], [2]]],
    ['VALUES (1)', [[1]]],
    ["SELECT 'it''s ; -- # /* plain'", [["it's ; -- # /* plain"]]],
  ])('answers %s', async (sql, rows) => {
    expect((await ask(sql)).rows).toEqual(rows)
  })

  it.each(ATTACKS)('holds %s', async (sql) => {
    const outcome = await ask(sql).catch((thrown: unknown) => String(thrown))
    expect(JSON.stringify(outcome)).not.toMatch(/swordfish|root:|globex|datadir/)
    expect(await scratch.execute('SELECT * FROM shown')).toEqual([
      [1, 'one'],
      [2, 'two'],
    ])
    expect((await ask('SELECT @app_tenant')).rows).toEqual([['acme']])
  })

  // LOAD_FILE answers NULL without the privilege, BENCHMARK 0 when its time is up, and a join or a sum is allowed.
  it.each(ATTACKS.filter((sql) => !/^SELECT (COUNT|1 \+|LOAD_FILE|BENCHMARK)/.test(sql)))('refuses %s', async (sql) => {
    await expect(ask(sql).then(({ rows }) => rows)).rejects.toThrow()
  })

  describe('is refused', () => {
    it.each([
      ['a whole database', (name: string) => `SELECT ON ${name}.*`, /the whole database/],
      ['the whole server', () => 'SELECT ON *.*', /the whole server/],
      ['a table more', (name: string) => `SELECT ON ${name}.secrets`, /secrets, which is not exposed/],
      ['the right to write', (name: string) => `SELECT, INSERT ON ${name}.shown`, /INSERT/],
      ['the right to delete', (name: string) => `DELETE ON ${name}.shown`, /DELETE/],
      ['files', () => 'FILE ON *.*', /FILE/],
      ['routines', (name: string) => `EXECUTE ON FUNCTION ${name}.secret_word`, /EXECUTE/],
      ['the right to give away', (name: string) => `SELECT ON ${name}.shown`, /give away/],
    ])('a login that has %s', async (what, grant, reason) => {
      const option = what.startsWith('the right to give') ? ' WITH GRANT OPTION' : ''
      const url = await scratch.login(`SELECT ON ${scratch.name}.shown`)
      await scratch.execute(`GRANT ${grant(scratch.name)} TO '${new URL(url).username}'@'%'${option}`)
      const other = await openDatabase(url)
      await expect(free(other).prepare(tables, anySignal())).rejects.toThrow(reason)
      expect(() => free(other).guard('SELECT 1', views(), [])).toThrow(/Free SQL is off/)
      await other.close()
    })

    it('a login whose rights have grown since', async () => {
      const url = await scratch.login(`SELECT ON ${scratch.name}.shown`)
      const other = await openDatabase(url)
      await free(other).prepare(tables, anySignal())
      free(other).guard('SELECT 1', views(), [])
      await scratch.execute(`GRANT INSERT ON ${scratch.name}.shown TO '${new URL(url).username}'@'%'`)
      await expect(free(other).prepare(tables, anySignal())).rejects.toThrow(/INSERT/)
      expect(() => free(other).guard('SELECT 1', views(), [])).toThrow(/Free SQL is off/)
      await other.close()
    })

    it('the login of an administrator', async () => {
      const other = await openDatabase(urlOf(scratch.name))
      await expect(free(other).prepare(tables, anySignal())).rejects.toThrow(/give away/)
      await other.close()
    })

    it.each<[string, Partial<TableView>]>([
      ['some rows', { where: 'id = 1' }],
      ['a masked column', { masks: { v: 'NULL' } }],
      ['some columns', { columns: ['id'] }],
    ])('a caller that sees %s of a table', (_what, more) => {
      expect(() => free(database).guard('SELECT 1', views(more), [])).toThrow(/in part alone/)
    })

    it('a caller for whom a table does not exist, without a word of it', () => {
      expect(() => free(database).guard('SELECT 1', [], [])).toThrow(/^(?!.*shown).*not for you here/)
      const withheld = tables.map((table) => ({ table, reason: 'You may see no row.' }))
      expect(() => free(database).guard('SELECT 1', [], withheld)).toThrow(/You may see no row/)
    })
  })
})
