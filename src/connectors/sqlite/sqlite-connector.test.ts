import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { sqlConnectorSuite } from '../../testkit/sql-connector-suite.ts'
import { SQL_SUITE_FIXTURE, sqlDatabaseSuite } from '../../testkit/sql-database-suite.ts'
import { SQL_FIXTURE } from '../../testkit/sql-fixture.ts'
import { NO_IDENTITY, type SqlDatabase } from '../sql/database.ts'
import { createSqliteDatabase } from './create-sqlite-database.ts'
import { openFile } from './open-file.ts'

interface Place {
  readonly path: string
  remove(): void
}

function makeFile(statements: readonly string[]): Place {
  const directory = mkdtempSync(join(tmpdir(), 'toolgate-sqlite-'))
  const path = join(directory, 'shop.db')
  run(path, statements)
  return { path, remove: () => rmSync(directory, { recursive: true }) }
}

/** A connection of the test's own, closed by being forgotten. */
function run(path: string, statements: readonly string[]): void {
  const file = openFile({ path, isWriter: true })
  for (const statement of statements) file.exec(statement)
}

const open = (path: string): SqlDatabase => createSqliteDatabase({ name: 'shop', path, readers: 3 })

describe('a connector over SQLite', () => {
  const suite = sqlConnectorSuite({
    async create() {
      const { path, remove } = makeFile(SQL_FIXTURE)
      const execute = async (sql: string): Promise<void> => run(path, [sql])
      return { database: open(path), schema: '', execute, remove: async () => remove() }
    },
  })
  for (const { name, run: check } of suite) it(name, check)
})

describe('SQLite behind SqlDatabase', () => {
  const suite = sqlDatabaseSuite({
    async create() {
      const { path, remove } = makeFile(SQL_SUITE_FIXTURE)
      return { database: open(path), dispose: async () => remove() }
    },
    schema: '',
    slow: 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n',
    writeRows: (count) =>
      `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${count}) SELECT x FROM n`,
    writeText: (length) => `SELECT substr(hex(zeroblob(${Math.ceil(length / 2)})), 1, ${length})`,
  })
  for (const { name, run: check } of suite) it(name, check)
})

describe('a file', () => {
  let place: Place | undefined
  let database: SqlDatabase | undefined
  const never = new AbortController().signal
  const ask = (text: string, access: 'read' | 'write' = 'read') =>
    database?.execute(
      { text, parameters: [] },
      {
        ...{ signal: never, access, lane: 'ordinary', identity: NO_IDENTITY },
        budget: { maxRows: 10, maxBytes: 10_000, timeoutMs: 5_000 },
      },
    )

  afterEach(async () => {
    await database?.close()
    place?.remove()
  })

  it('that is not there is refused with its path and what to do', async () => {
    place = makeFile([])
    database = open(`${place.path}.missing`)
    await expect(database.connect(never)).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      hint: expect.stringContaining('path'),
    })
  })

  it('that is no database is a failure of the source', async () => {
    place = makeFile([])
    database = open(new URL(import.meta.url).pathname)
    await expect(database.connect(never)).rejects.toMatchObject({ kind: 'unavailable', isTextSafe: false })
  })

  it('is never written by what reads', async () => {
    place = makeFile(['CREATE TABLE t (x)', 'INSERT INTO t VALUES (1)'])
    database = open(place.path)
    const attempts = [
      'DELETE FROM t',
      'PRAGMA query_only = OFF',
      "ATTACH 'file:other.db?mode=memory' AS other",
      'CREATE TEMP TABLE x AS SELECT 1',
      'INSERT INTO t VALUES (2) RETURNING x',
    ]
    for (const attempt of attempts) await ask(attempt)?.catch(() => undefined)
    expect(await ask('SELECT count(*) FROM t')).toMatchObject({ rows: [[1]] })
  })

  it('makes no other file, whoever writes the statement', async () => {
    place = makeFile(['CREATE TABLE t (x)'])
    database = open(place.path)
    const made = `${place.path}.made`
    const attempts = [
      `ATTACH '${made}' AS other`,
      `\ufeff;/* */ aTTaCH '${made}' AS other`,
      `-- first\n;VACUUM INTO '${made}'`,
      'DETACH other',
    ]
    for (const attempt of attempts) {
      for (const access of ['read', 'write'] as const) {
        await expect(ask(attempt, access)).rejects.toMatchObject({ kind: 'permission', state: 'SQLITE_AUTH' })
      }
    }
    expect(existsSync(made)).toBe(false)
  })

  it('takes back a write that is cut short', async () => {
    place = makeFile(['CREATE TABLE t (x)'])
    database = open(place.path)
    const endless =
      'INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n LIMIT 1000000000'
    const budget = { maxRows: 10, maxBytes: 10_000, timeoutMs: 300 }
    const options = { signal: never, access: 'write', lane: 'ordinary', identity: NO_IDENTITY, budget } as const
    await expect(database.execute({ text: endless, parameters: [] }, options)).rejects.toMatchObject({
      kind: 'resources',
    })
    expect(await ask('SELECT count(*) FROM t')).toMatchObject({ rows: [[0]] })
  })

  it('answers the next caller after a statement ended the process that read it', async () => {
    place = makeFile(['CREATE TABLE t (x TEXT)', "INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))"])
    database = open(place.path)
    // One of the two libraries cannot bear text that is no UTF-8; the process of its own is for that.
    await ask('SELECT x FROM t')?.catch(() => undefined)
    expect(await ask('SELECT 1')).toMatchObject({ rows: [[1]] })
  })

  it('does not stop the server while it is read', async () => {
    place = makeFile(['CREATE TABLE t (x)'])
    database = open(place.path)
    const leaving = new AbortController()
    const slow = 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n'
    const budget = { maxRows: 10, maxBytes: 10_000, timeoutMs: 60_000 }
    const options = { signal: leaving.signal, access: 'read', lane: 'ordinary', identity: NO_IDENTITY, budget } as const
    const running = [1, 2, 3, 4].map(() => database?.execute({ text: slow, parameters: [] }, options))
    const cheap = { ...options, lane: 'cheap', signal: never } as const
    expect(await database.execute({ text: 'SELECT 1', parameters: [] }, cheap)).toMatchObject({ rows: [[1]] })
    leaving.abort(new Error('gone'))
    for (const each of running) await expect(each).rejects.toThrow('gone')
  })
})
