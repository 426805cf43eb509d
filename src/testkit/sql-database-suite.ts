import assert from 'node:assert/strict'
import {
  type Budget,
  type ExecuteOptions,
  NO_IDENTITY,
  type SqlDatabase,
  type SqlIdentity,
  type SqlResult,
  type Statement,
} from '../connectors/sql/database.ts'
import { SqlFailure } from '../connectors/sql/sql-failure.ts'
import type { ContractCase } from './contract-case.ts'

/** An engine, and how it writes what the engines write differently. */
export interface SqlDatabaseSubject {
  /** A database for one test, in which `SQL_SUITE_FIXTURE` has been run and whose login may read and write its tables. */
  readonly create: () => Promise<SqlDatabaseUnderTest>
  /** The schema that the fixture's tables are in; empty where there are none. */
  readonly schema: string
  /** A statement that takes a minute. */
  readonly slow: string
  /** A statement that answers as many rows of one column. */
  readonly writeRows: (count: number) => string
  /** A statement that answers one text of so many characters. */
  readonly writeText: (length: number) => string
  /** Statements that each leave something in a session, and one that answers a single value by which it is seen. */
  readonly traces?: readonly { readonly leave: string; readonly look: string }[]
  /** Where sessions are told of the caller. */
  readonly identity?: {
    readonly identity: SqlIdentity
    /** A statement that answers what the session was told, as one value. */
    readonly look: string
    readonly told: string
  }
}

/** Not connected yet. */
export interface SqlDatabaseUnderTest {
  readonly database: SqlDatabase
  /** How many slow statements the server is running; absent where nobody can tell. */
  readonly countSlow?: () => Promise<number>
  /** Takes away what `create` made; the database is closed before. */
  readonly dispose: () => Promise<void>
}

/** Makes the tables that the suite uses, in words that all engines know. */
export const SQL_SUITE_FIXTURE: readonly string[] = [
  'CREATE TABLE suite_items (id integer NOT NULL PRIMARY KEY, name varchar(100) NOT NULL, price decimal(12,2), big bigint)',
  'CREATE TABLE suite_orders (id integer NOT NULL PRIMARY KEY, item_id integer NOT NULL, FOREIGN KEY (item_id) REFERENCES suite_items (id))',
  "INSERT INTO suite_items (id, name, price, big) VALUES (1, 'chair', 10.75, 9007199254740993), (2, 'table', NULL, -9223372036854775808), (3, 'O''Brien', 0.25, NULL)",
  'INSERT INTO suite_orders (id, item_id) VALUES (1, 1), (2, 1)',
]

/** The contract of `SqlDatabase`, as tests. */
export function sqlDatabaseSuite(subject: SqlDatabaseSubject): readonly ContractCase[] {
  const promise = (name: string, check: (under: SqlDatabaseUnderTest) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const under = await subject.create()
      try {
        await under.database.connect(new AbortController().signal)
        await check(under)
      } finally {
        await under.database.close()
        await under.dispose()
      }
    },
  })
  return [
    ...answers(subject, promise),
    ...limits(subject, promise),
    ...sessions(subject, promise),
    ...catalogue(subject, promise),
  ]
}

type Promised = (name: string, check: (under: SqlDatabaseUnderTest) => Promise<void>) => ContractCase

function answers(_subject: SqlDatabaseSubject, promise: Promised): readonly ContractCase[] {
  return [
    promise('answers values exactly, in the order asked for', async ({ database }) => {
      const { columns, rows } = await run(database, 'SELECT id, name, price, big FROM suite_items ORDER BY id')
      assert.deepEqual(rows, [
        [1, 'chair', '10.75', '9007199254740993'],
        [2, 'table', null, '-9223372036854775808'],
        [3, "O'Brien", '0.25', null],
      ])
      assert.deepEqual(
        columns.map(({ name, family }) => [name, family]),
        [
          ['id', 'integer'],
          ['name', 'text'],
          ['price', 'decimal'],
          ['big', 'bigint'],
        ],
      )
    }),
    promise('keeps columns of the same name apart', async ({ database }) => {
      const { columns, rows } = await run(database, 'SELECT id AS a, name AS a FROM suite_items WHERE id = 1')
      assert.deepEqual([columns.map(({ name }) => name), rows], [['a', 'a'], [[1, 'chair']]])
    }),
    promise('binds what is given as a value, whatever it holds', async ({ database }) => {
      const text = `SELECT id FROM suite_items WHERE name = ${database.dialect.placeholder(0)}`
      const find = async (name: string) => (await run(database, text, { parameters: [name] })).rows
      assert.deepEqual(await find("O'Brien"), [[3]])
      for (const odd of ["x' OR '1'='1", '', '$1', '\\', 'ключ 🔑', '%', '"; --']) assert.deepEqual(await find(odd), [])
    }),
    promise('writes constants that cannot be broken out of', async ({ database }) => {
      for (const text of ["O'Brien", "\\' OR 1=1 --", 'a\nb', '$$', ':x ?']) {
        const sql = `SELECT ${database.dialect.literal(text)} AS a`
        assert.deepEqual((await run(database, sql)).rows, [[text]], sql)
      }
      assert.throws(() => database.dialect.literal('a\0b'))
      assert.throws(() => database.dialect.quote('a\0b'))
    }),
    promise('answers an empty result with its columns', async ({ database }) => {
      const { columns, rows } = await run(database, 'SELECT id FROM suite_items WHERE id = 99')
      assert.deepEqual([columns.length, rows], [1, []])
    }),
    promise('refuses a statement that is none, and goes on', async ({ database }) => {
      await assert.rejects(run(database, 'SELEC 1'), isFailure('statement'))
      await assert.rejects(run(database, 'SELECT * FROM suite_nothing'), isFailure('statement'))
      assert.deepEqual((await run(database, 'SELECT id FROM suite_items WHERE id = 1')).rows, [[1]])
    }),
    promise('runs one statement, never two', async ({ database }) => {
      const two = 'SELECT 1; DELETE FROM suite_orders'
      await run(database, two).catch(() => undefined)
      await run(database, two, { access: 'write' }).catch(() => undefined)
      assert.deepEqual((await run(database, 'SELECT id FROM suite_orders ORDER BY id')).rows, [[1], [2]])
    }),
  ]
}

/** A server says that a statement was stopped a moment before it lists it no longer; a second is what it may take. */
async function untilNone(countSlow: SqlDatabaseUnderTest['countSlow']): Promise<void> {
  if (countSlow === undefined) return
  const endsAt = performance.now() + 1_000
  while ((await countSlow()) > 0) {
    assert.ok(performance.now() < endsAt, 'the server goes on with a statement that was stopped')
    await new Promise(setImmediate)
  }
}

function limits({ slow, writeRows, writeText }: SqlDatabaseSubject, promise: Promised): readonly ContractCase[] {
  return [
    promise('stops at the rows of the budget and says so', async ({ database }) => {
      const cut = await run(database, writeRows(1000), { budget: { maxRows: 10 } })
      assert.deepEqual([cut.rows.length, cut.truncated], [10, 'rows'])
      const whole = await run(database, writeRows(10), { budget: { maxRows: 10 } })
      assert.deepEqual([whole.rows.length, whole.truncated], [10, undefined])
    }),
    promise('stops at the bytes of the budget and says so', async ({ database }) => {
      const cut = await run(database, writeRows(10_000), { budget: { maxRows: 100_000, maxBytes: 2000 } })
      assert.equal(cut.truncated, 'bytes')
      assert.ok(cut.rows.length > 0 && JSON.stringify(cut.rows).length <= 2000)
      const wide = await run(database, writeText(100_000), { budget: { maxBytes: 2000 } })
      assert.equal(wide.truncated, 'bytes')
      assert.ok(JSON.stringify(wide.rows).length <= 2200)
    }),
    promise('stops a statement at its time-out', async ({ database, countSlow }) => {
      await assert.rejects(run(database, slow, { budget: { timeoutMs: 200 } }), isFailure('resources'))
      await untilNone(countSlow)
    }),
    promise('stops a statement whose caller is gone', async ({ database, countSlow }) => {
      const gone = new AbortController()
      const running = run(database, slow, { signal: gone.signal })
      // Attached at once, or the rejection would be one that nobody handles.
      const rejected = assert.rejects(running)
      if (countSlow !== undefined) while ((await countSlow()) === 0) await new Promise(setImmediate)
      gone.abort()
      await rejected
      await untilNone(countSlow)
      assert.deepEqual((await run(database, 'SELECT id FROM suite_items WHERE id = 1')).rows, [[1]])
    }),
    promise('runs nothing for a caller who is gone already', async ({ database }) => {
      const write = 'DELETE FROM suite_orders'
      await assert.rejects(run(database, write, { access: 'write', signal: AbortSignal.abort() }))
      assert.equal((await run(database, 'SELECT id FROM suite_orders')).rows.length, 2)
    }),
    promise('lets cheap statements pass slow ones', async ({ database }) => {
      const gone = new AbortController()
      const slowOnes = Array.from({ length: 30 }, () => run(database, slow, { signal: gone.signal }))
      const settled = Promise.allSettled(slowOnes)
      const { rows } = await run(database, 'SELECT id FROM suite_items WHERE id = 1', { lane: 'cheap' })
      gone.abort()
      await settled
      assert.deepEqual(rows, [[1]])
    }),
  ]
}

function sessions({ traces = [], identity }: SqlDatabaseSubject, promise: Promised): readonly ContractCase[] {
  const told: readonly ContractCase[] =
    identity === undefined
      ? []
      : [
          promise('tells a session of its caller, and the next one nothing of it', async ({ database }) => {
            const look = identity.look
            assert.deepEqual((await run(database, look, { identity: identity.identity })).rows, [[identity.told]])
            for (let n = 0; n < 10; n++) assert.notDeepEqual((await run(database, look)).rows, [[identity.told]])
          }),
        ]
  return [
    ...told,
    promise('does not write in a statement that reads', async ({ database }) => {
      for (const sql of ['DELETE FROM suite_orders', "UPDATE suite_items SET name = 'x' WHERE id = 1"]) {
        await run(database, sql).catch(() => undefined)
      }
      assert.equal((await run(database, 'SELECT id FROM suite_orders')).rows.length, 2)
      assert.deepEqual((await run(database, 'SELECT name FROM suite_items WHERE id = 1')).rows, [['chair']])
    }),
    promise('keeps what a statement has written, and says how many rows', async ({ database }) => {
      const sql = "UPDATE suite_items SET name = 'desk' WHERE id < 3"
      assert.equal((await run(database, sql, { access: 'write' })).changed, 2)
      const { rows } = await run(database, 'SELECT name FROM suite_items ORDER BY id')
      assert.deepEqual(rows, [['desk'], ['desk'], ["O'Brien"]])
    }),
    promise('keeps nothing of a statement that failed', async ({ database }) => {
      const sql = 'INSERT INTO suite_orders (id, item_id) VALUES (3, 1), (1, 1)'
      await assert.rejects(run(database, sql, { access: 'write' }), isFailure('statement'))
      assert.equal((await run(database, 'SELECT id FROM suite_orders')).rows.length, 2)
    }),
    ...traces.map(({ leave, look }) =>
      promise(`leaves nothing in a session of: ${leave}`, async ({ database }) => {
        const before = await run(database, look).catch(() => ({ rows: 'refused' }))
        for (const access of ['read', 'write'] as const) {
          await run(database, leave, { access }).catch(() => undefined)
          for (let n = 0; n < 10; n++) {
            const after = await run(database, look).catch(() => ({ rows: 'refused' }))
            assert.deepEqual(after.rows, before.rows)
          }
        }
      }),
    ),
    promise('closes twice, and runs nothing afterwards', async ({ database }) => {
      await database.close()
      await database.close()
      await assert.rejects(run(database, 'SELECT id FROM suite_items'))
    }),
  ]
}

function catalogue({ schema }: SqlDatabaseSubject, promise: Promised): readonly ContractCase[] {
  return [
    promise('reads tables, their columns, keys and what they refer to', async ({ database }) => {
      const named = schema === '' ? undefined : [schema]
      const { tables } = await database.readSchema(named, new AbortController().signal)
      const items = tables.find(({ name }) => name === 'suite_items')
      const orders = tables.find(({ name }) => name === 'suite_orders')
      assert.equal(items?.schema, schema)
      assert.equal(items?.kind, 'table')
      assert.deepEqual(items?.key, ['id'])
      assert.deepEqual(
        items?.columns.map(({ name, family, isNullable }) => [name, family, isNullable]),
        [
          ['id', 'integer', false],
          ['name', 'text', false],
          ['price', 'decimal', true],
          ['big', 'bigint', true],
        ],
      )
      const references = { schema, table: 'suite_items', columns: ['id'] }
      assert.deepEqual(orders?.foreignKeys, [{ columns: ['item_id'], references }])
    }),
    promise('reports what its login may do', async ({ database }) => {
      const exposed = [{ schema, name: 'suite_items' }]
      const report = await database.readPrivileges(exposed, new AbortController().signal)
      assert.ok(report.server.length > 0)
      for (const finding of report.findings) assert.match(finding.code, /^[a-z-]+$/)
    }),
  ]
}

interface RunOptions extends Partial<Omit<ExecuteOptions, 'budget'>> {
  readonly parameters?: Statement['parameters']
  readonly budget?: Partial<Budget>
}

function run(database: SqlDatabase, text: string, options: RunOptions = {}): Promise<SqlResult> {
  const { parameters = [], budget, ...more } = options
  return database.execute(
    { text, parameters },
    {
      signal: new AbortController().signal,
      access: 'read',
      lane: 'ordinary',
      identity: NO_IDENTITY,
      ...more,
      budget: { maxRows: 1000, maxBytes: 1_000_000, timeoutMs: 20_000, ...budget },
    },
  )
}

function isFailure(kind: SqlFailure['kind']): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof SqlFailure && thrown.kind === kind
}
