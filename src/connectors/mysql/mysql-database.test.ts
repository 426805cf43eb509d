import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createScratchDatabase,
  hasMysql,
  MYSQL_MISSING,
  openDatabase,
  POOL,
  type ScratchDatabase,
  urlOf,
} from '../../../test/fixtures/mysql.ts'
import type { ExecuteOptions, SqlDatabase, SqlResult, Statement } from '../sql/database.ts'
import type { SqlParameter } from '../sql/dialect.ts'
import { createMysqlDatabase } from './mysql-database.ts'
import { readTarget } from './target.ts'

const isThere = await hasMysql()
const BUDGET = { maxRows: 100, maxBytes: 64 * 1024, timeoutMs: 20_000 }

type Wishes = Partial<Omit<ExecuteOptions, 'budget'>> & { readonly budget?: Partial<ExecuteOptions['budget']> }

function run(
  database: SqlDatabase,
  text: string,
  { parameters = [], ...wishes }: Wishes & { readonly parameters?: readonly SqlParameter[] } = {},
): Promise<SqlResult> {
  const { budget, ...options } = wishes
  return database.execute(
    { text, parameters },
    {
      signal: new AbortController().signal,
      access: 'read',
      lane: 'ordinary',
      identity: { settings: {} },
      ...options,
      budget: { ...BUDGET, ...budget },
    },
  )
}

const only = async (result: Promise<SqlResult>): Promise<unknown> => (await result).rows[0]?.[0]

describe.skipIf(!isThere)(`MySQL or MariaDB (${MYSQL_MISSING})`, () => {
  let scratch: ScratchDatabase
  let database: SqlDatabase

  beforeAll(async () => {
    scratch = await createScratchDatabase(
      'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40))',
      "INSERT INTO t VALUES (1, 'one'), (2, 'two')",
    )
    database = await openDatabase(urlOf(scratch.name))
  })

  afterAll(async () => {
    await database.close()
    await scratch.remove()
  })

  /** Waits until a statement is seen to run in the server. */
  async function seen(marker: string): Promise<number> {
    for (;;) {
      const rows = await scratch.execute(
        `SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%${marker}%' AND INFO NOT LIKE '%PROCESSLIST%'`,
      )
      if (rows[0] !== undefined) return Number(rows[0][0])
    }
  }

  /** Waits until it is seen no more. */
  async function gone(marker: string): Promise<void> {
    for (;;) {
      const rows = await scratch.execute(
        `SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%${marker}%' AND INFO NOT LIKE '%PROCESSLIST%'`,
      )
      if (rows.length === 0) return
    }
  }

  describe('values', () => {
    it.each<[string, unknown, string]>([
      ['CAST(18446744073709551615 AS UNSIGNED)', '18446744073709551615', 'bigint'],
      ["CAST('12345678901234567890.123456789' AS DECIMAL(40,9))", '12345678901234567890.123456789', 'decimal'],
      ["CAST('2026-01-31 13:45:00.250' AS DATETIME(3))", '2026-01-31T13:45:00.250', 'timestamp'],
      ["CAST('2026-01-31' AS DATE)", '2026-01-31', 'date'],
      ["CAST('-12:34:56' AS TIME)", '-12:34:56', 'time'],
      ["CAST(X'00ff' AS BINARY(2))", 'AP8=', 'binary'],
      ["'Zoë 🙂'", 'Zoë 🙂', 'text'],
      ['1.5e0', 1.5, 'float'],
      ['NULL', null, 'other'],
      ['1 = 1', 1, 'integer'],
    ])('%s is exact', async (expression, value, family) => {
      const { rows, columns } = await run(database, `SELECT ${expression} AS x`)
      expect([rows[0]?.[0], columns[0]?.family]).toEqual([value, family])
    })

    it('of stored columns are exact, whatever their type', async () => {
      await scratch.execute(
        "CREATE TABLE kinds (b TINYINT(1), o TINYINT(1), ts TIMESTAMP(3) NULL, y YEAR, bits BIT(5), bit1 BIT(1), f FLOAT, j JSON, e ENUM('a','b'), s SET('x','y'), raw VARBINARY(4), g POINT)",
      )
      await scratch.execute("SET time_zone = '+00:00'")
      await scratch.execute(
        `INSERT INTO kinds VALUES (1, 2, '2026-01-31 13:45:00.5', 2026, 5, 1, 0.1, '{"a":[1,null]}', 'b', 'x,y', X'00FE', POINT(1, 2))`,
      )
      const { rows } = await run(database, 'SELECT b, o, ts, y, bits, bit1, f, j, e, s, raw, ST_AsText(g) FROM kinds')
      expect(rows).toEqual([
        [
          true,
          2,
          '2026-01-31T13:45:00.500Z',
          2026,
          '00000101',
          true,
          0.1,
          { a: [1, null] },
          'b',
          'x,y',
          'AP4=',
          'POINT(1 2)',
        ],
      ])
    })

    it('of two columns with one name are both there', async () => {
      const { columns, rows } = await run(database, 'SELECT 1 AS a, 2 AS a, NULL AS __proto__')
      expect([columns.map(({ name }) => name), rows]).toEqual([['a', 'a', '__proto__'], [[1, 2, null]]])
    })

    it('are bound, and never read as SQL', async () => {
      const hostile = "x' OR '1'='1' -- \\"
      expect(await only(run(database, 'SELECT ?', { parameters: [hostile] }))).toBe(hostile)
      const kinds = [1n << 40n, true, null, new Uint8Array([0, 255])]
      const { rows } = await run(database, 'SELECT ? + 0, ?, ?, HEX(?)', { parameters: kinds })
      expect(rows).toEqual([[1099511627776, 1, null, '00FF']])
    })

    it('of the wrong number or kind are refused', async () => {
      await expect(run(database, 'SELECT ?', { parameters: [] })).rejects.toThrow(/1 parameters and 0 values/)
      await expect(run(database, 'SELECT ?', { parameters: [['a']] })).rejects.toThrow(/no lists/)
      expect(await only(run(database, 'SELECT 1'))).toBe(1)
    })

    it('that are written as constants are the same', async () => {
      for (const text of ["'", '\\', "\\' OR 1=1 -- ", 'ü🙂', '%_', '"', '`', '\n', "x'--"]) {
        expect(await only(run(database, `SELECT ${database.dialect.literal(text)}`))).toBe(text)
      }
      expect(() => database.dialect.literal('a\0b')).toThrow(/NUL/)
      expect(() => database.dialect.literal('\ud800')).toThrow(/Unicode/)
    })

    it('compare exactly, in the zone that was asked for', async () => {
      const is = async (value: string, family: string, expression: string): Promise<unknown> => {
        const column = { name: 'x', type: family, family, isNullable: true } as never
        const text = `SELECT ${expression} = ${database.dialect.placeholder(0, column)}`
        return only(run(database, text, { parameters: [value] }))
      }
      expect(await is('9007199254740992', 'bigint', '9007199254740993')).toBe(0)
      expect(await is('9007199254740993', 'bigint', '9007199254740993')).toBe(1)
      expect(await is('NaN', 'decimal', '0')).toBeNull()
      expect(await is('-Infinity', 'float', '0')).toBeNull()
      const noon = "CAST('2026-01-31 12:00:00' AS DATETIME)"
      expect(await is('2026-01-31T14:00:00+02:00', 'timestamp', noon)).toBe(1)
      expect(await is('2026-01-31T12:00:00Z', 'timestamp', noon)).toBe(1)
    })
  })

  describe('what a statement may take', () => {
    it('is so many rows, of a billion too', async () => {
      const { rows, truncated } = await run(database, BILLION, { budget: { maxRows: 7 } })
      expect([rows.length, truncated]).toEqual([7, 'rows'])
      await gone('billion')
    })

    it('is so many bytes', async () => {
      const { rows, truncated } = await run(database, BILLION, { budget: { maxRows: 1e9, maxBytes: 1024 } })
      expect([rows.length < 300, truncated]).toEqual([true, 'bytes'])
      await gone('billion')
    })

    it('keeps a row of 200 MB out of memory', async () => {
      const cells = Array.from({ length: 13 }, () => "REPEAT('x', 16000000)").join(', ')
      const before = process.memoryUsage().external
      const { rows, truncated } = await run(database, `SELECT ${cells}`)
      expect([rows, truncated]).toEqual([[], 'bytes'])
      expect(process.memoryUsage().external - before).toBeLessThan(64 * 1024 * 1024)
      expect(await only(run(database, 'SELECT 1'))).toBe(1)
    })

    it('is so much time, in the server too', async () => {
      const slow = run(database, 'SELECT SLEEP(100) AS too_slow', { budget: { timeoutMs: 100 } })
      await expect(slow).rejects.toMatchObject({ kind: 'resources' })
      await gone('too_slow')
    })

    it('ends in the server when nobody waits any more', async () => {
      const controller = new AbortController()
      const slow = run(database, 'SELECT SLEEP(100) AS cancelled', { signal: controller.signal })
      await seen('cancelled')
      controller.abort(new Error('gone'))
      await expect(slow).rejects.toThrow('gone')
      await gone('cancelled')
      expect(await only(run(database, 'SELECT 1'))).toBe(1)
    })

    it('never makes a cheap statement wait', async () => {
      const controller = new AbortController()
      const slow = Array.from({ length: POOL.max + 2 }, () =>
        run(database, 'SELECT SLEEP(100) AS crowd', { signal: controller.signal }).catch(() => 'stopped'),
      )
      await seen('crowd')
      expect(await only(run(database, 'SELECT 1', { lane: 'cheap' }))).toBe(1)
      controller.abort()
      expect(new Set(await Promise.all(slow))).toEqual(new Set(['stopped']))
    })

    it('does not cut off one that writes', async () => {
      await scratch.execute('CREATE TABLE many (id INT PRIMARY KEY)')
      const text = 'INSERT INTO many SELECT seq FROM seq_1_to_50000'
      const { changed } = await run(database, text, { access: 'write', budget: { maxRows: 1 } })
      expect([changed, await scratch.execute('SELECT COUNT(*) FROM many')]).toEqual([50_000, [[50_000]]])
    })
  })

  describe('a reading statement changes nothing:', () => {
    it.each([
      "INSERT INTO t VALUES (9, 'x')",
      "UPDATE t SET v = 'x'",
      'DELETE FROM t',
      'TRUNCATE TABLE t',
      'DROP TABLE t',
      'CREATE TABLE u (id INT)',
      'ALTER TABLE t ADD x INT',
      'SELECT * FROM t FOR UPDATE',
      'SELECT 1; DROP TABLE t',
      'LOAD DATA LOCAL INFILE "/etc/passwd" INTO TABLE t',
    ])('%s', async (text) => {
      await run(database, text).catch(() => undefined)
      expect(await scratch.execute('SELECT * FROM t')).toEqual([
        [1, 'one'],
        [2, 'two'],
      ])
    })
  })

  describe('the next caller finds nothing of', () => {
    let single: SqlDatabase

    beforeAll(async () => {
      // Of two sessions one is kept for cheap statements: all ordinary ones use the other.
      single = await openDatabase(urlOf(scratch.name), { max: 2, reserved: 1 })
    })

    afterAll(() => single.close())

    it.each<[what: string, statement: string, look: string, found: unknown]>([
      ['variables', 'SET @mine = 1', 'SELECT @mine', null],
      ['identity', 'SELECT 1', 'SELECT @app_tenant', null],
      ['the sql_mode', "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", `SELECT "a\\"b"`, 'a"b'],
      ['the time zone', "SET time_zone = '+05:00'", 'SELECT @@time_zone', '+00:00'],
      ['the character set', 'SET NAMES latin1', "SELECT '🙂'", '🙂'],
      ['locks', "SELECT GET_LOCK('held', 1)", "SELECT IS_FREE_LOCK('held')", 1],
      ['the database', 'USE mysql', 'SELECT COUNT(*) FROM t', '2'],
      [
        'isolation',
        'SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED',
        'SELECT @@tx_isolation',
        'REPEATABLE-READ',
      ],
      ['row limits', 'SET sql_select_limit = 1', 'SELECT COUNT(*) FROM (SELECT * FROM t) AS x', '2'],
      ['its last id', 'SELECT LAST_INSERT_ID(77)', 'SELECT LAST_INSERT_ID()', '0'],
    ])('%s', async (_what, statement, look, found) => {
      const identity = { settings: { app_tenant: 'acme' } }
      await run(single, statement, { access: 'write', identity })
      expect(await only(run(single, look))).toBe(found)
    })

    it('temporary tables, prepared statements and table locks', async () => {
      await run(single, 'CREATE TEMPORARY TABLE mine AS SELECT 1 AS a', { access: 'write' })
      await expect(run(single, 'SELECT * FROM mine')).rejects.toMatchObject({ state: '1146' })
      await run(single, 'LOCK TABLES t READ', { access: 'write' }).catch(() => undefined)
      await scratch.execute("UPDATE t SET v = 'one' WHERE id = 1")
    })

    it('a role', async () => {
      const role = `${scratch.name}_role`
      await scratch.execute(`CREATE ROLE ${role}`)
      try {
        expect(await only(run(single, 'SELECT CURRENT_ROLE()', { identity: { role, settings: {} } }))).toBe(role)
        expect([null, 'NONE']).toContain(await only(run(single, 'SELECT CURRENT_ROLE()')))
      } finally {
        await scratch.execute(`DROP ROLE ${role}`)
      }
    })
  })

  it('tells the session who is calling', async () => {
    const settings = { app_tenant: "o'neil \\ 🙂" }
    expect(await only(run(database, 'SELECT @app_tenant', { identity: { settings } }))).toBe(settings.app_tenant)
  })

  describe('when things break', () => {
    it('a session that is killed while idle is replaced, unseen', async () => {
      const single = await openDatabase(urlOf(scratch.name), { max: 2 })
      const id = await only(run(single, 'SELECT CONNECTION_ID()'))
      await scratch.execute(`KILL ${id}`)
      expect(await only(run(single, 'SELECT 1'))).toBe(1)
      await single.close()
    })

    it('a session that is killed under a statement fails that one alone', async () => {
      const slow = run(database, 'SELECT SLEEP(100) AS killed')
      const outcome = expect(slow).rejects.toMatchObject({ kind: 'unavailable' })
      await scratch.execute(`KILL ${await seen('killed')}`)
      await outcome
      expect(await only(run(database, 'SELECT 1'))).toBe(1)
    })

    it('a server that is not there is said', async () => {
      const target = readTarget({ name: 'x', url: 'mysql://root@127.0.0.1:1/x', tls: { mode: 'auto' }, pool: POOL })
      const absent = createMysqlDatabase(target, POOL)
      await expect(absent.connect(new AbortController().signal)).rejects.toMatchObject({ kind: 'unavailable' })
      await absent.close()
    })

    it('a password that was changed is said, and the new one works', async () => {
      const url = await scratch.login(`SELECT ON ${scratch.name}.t`)
      const login = new URL(url).username
      const old = await openDatabase(url)
      await scratch.execute(`ALTER USER '${login}'@'%' IDENTIFIED BY 'second'`)
      await scratch.execute(`KILL USER '${login}'@'%'`)
      await expect(run(old, 'SELECT 1')).rejects.toMatchObject({ kind: 'unavailable', state: '1045' })
      const renewed = await openDatabase(urlOf(scratch.name, login, 'second'))
      expect(await only(run(renewed, 'SELECT 1'))).toBe(1)
      await Promise.all([old.close(), renewed.close()])
    })

    it('an unknown table, a wrong word and a value of another row are told apart', async () => {
      await expect(run(database, 'SELECT * FROM nope')).rejects.toMatchObject({ state: '1146', isTextSafe: true })
      await expect(run(database, 'SELEC 1')).rejects.toMatchObject({ state: '1064', isTextSafe: true })
      const duplicate = run(database, "INSERT INTO t VALUES (1, 'x')", { access: 'write' })
      await expect(duplicate).rejects.toMatchObject({ state: '1062', isTextSafe: false })
    })

    it('a statement of 10 MB is answered or refused, and the next one works', async () => {
      const long: Statement['text'] = `SELECT LENGTH('${'x'.repeat(10_000_000)}')`
      expect(await only(run(database, long))).toBe(10_000_000)
      await run(database, `SELECT LENGTH('${'x'.repeat(20_000_000)}')`).catch(() => undefined)
      expect(await only(run(database, 'SELECT 1'))).toBe(1)
    })

    it('half a character does no harm', async () => {
      await run(database, 'SELECT ?', { parameters: ['\ud800'] }).catch(() => undefined)
      expect(await only(run(database, "SELECT HEX(CONVERT(X'FF' USING utf8mb4))"))).not.toBe('FF')
    })

    it('closing ends what is under way, and may be done twice', async () => {
      const other = await openDatabase(urlOf(scratch.name))
      const slow = run(other, 'SELECT SLEEP(100) AS closing')
      const outcome = expect(slow).rejects.toThrow()
      await seen('closing')
      await other.close()
      await outcome
      await other.close()
      await expect(run(other, 'SELECT 1')).rejects.toThrow(/closed/)
    })
  })
})

/** MariaDB makes it out of nothing; it never ends by itself. */
const BILLION = 'SELECT seq AS billion FROM seq_1_to_1000000000'
