import { once } from 'node:events'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import {
  createPostgresDatabase as createScratch,
  HOW_TO_START_POSTGRES,
  type PostgresDatabase,
} from '../../../test/fixtures/postgres-server.ts'
import { postgresSubject } from '../../../test/fixtures/postgres-subject.ts'
import { SQL_SUITE_FIXTURE, sqlDatabaseSuite } from '../../testkit/sql-database-suite.ts'
import { type ExecuteOptions, NO_IDENTITY, type SqlDatabase, type SqlResult, type Statement } from '../sql/database.ts'
import { checkPrivileges } from '../sql/privilege-report.ts'
import { createPostgresDatabase, type PostgresSettings } from './create-postgres-database.ts'

const scratch = await createScratch()
const opened: SqlDatabase[] = []
if (scratch !== undefined) for (const sql of SQL_SUITE_FIXTURE) await scratch.admin.query(sql)

afterAll(async () => {
  for (const database of opened) await database.close()
  await scratch?.drop()
})

const onServer = describe.skipIf(scratch === undefined)

function settingsFor(url: string, more: Partial<PostgresSettings> = {}): PostgresSettings {
  return {
    url,
    tls: { mode: 'auto' },
    pool: { max: 6, reserved: 2, connectTimeoutMs: 5_000, idleMs: 60_000 },
    ...more,
  }
}

async function open(url = here().url, more: Partial<PostgresSettings> = {}): Promise<SqlDatabase> {
  const database = createPostgresDatabase(settingsFor(url, more))
  opened.push(database)
  await database.connect(new AbortController().signal)
  return database
}

function here(): PostgresDatabase {
  if (scratch === undefined) throw new Error(HOW_TO_START_POSTGRES)
  return scratch
}

interface RunOptions extends Partial<Omit<ExecuteOptions, 'budget'>> {
  readonly parameters?: Statement['parameters']
  readonly budget?: Partial<ExecuteOptions['budget']>
}

function run(
  database: SqlDatabase,
  text: string,
  { parameters = [], budget, ...more }: RunOptions = {},
): Promise<SqlResult> {
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

const suite = sqlDatabaseSuite(postgresSubject())

onServer(`a PostgreSQL database (${HOW_TO_START_POSTGRES})`, () => {
  for (const { name, run: check } of suite) it(name, check)
})

onServer('values of PostgreSQL', () => {
  const cases: readonly (readonly [sql: string, value: unknown, family: string])[] = [
    ["'NaN'::numeric", 'NaN', 'decimal'],
    ["'-Infinity'::float8", '-Infinity', 'float'],
    ['0.1::float8 + 0.2::float8', 0.30000000000000004, 'float'],
    ["'\\xdeadbeef'::bytea", '3q2+7w==', 'binary'],
    ["'2026-01-31'::date", '2026-01-31', 'date'],
    ["'2026-01-31 13:45:00.123456'::timestamp", '2026-01-31T13:45:00.123456', 'timestamp'],
    ["'2026-01-31 13:45:00+05:30'::timestamptz AT TIME ZONE 'UTC'", '2026-01-31T08:15:00', 'timestamp'],
    ["'infinity'::timestamptz", 'infinity', 'timestamp'],
    ["'-infinity'::date", '-infinity', 'date'],
    ["'4713-01-01 BC'::date", '4713-01-01 BC', 'date'],
    ["'294276-12-31 23:59:59.999999'::timestamp", '294276-12-31T23:59:59.999999', 'timestamp'],
    ["'-9223372036854775808'::int8", '-9223372036854775808', 'bigint'],
    ["'1e-1000'::numeric", `0.${'0'.repeat(999)}1`, 'decimal'],
    ["'5e-324'::float8", 5e-324, 'float'],
    ["'1.7976931348623157e308'::float8", Number.MAX_VALUE, 'float'],
    ["'-0'::float8", -0, 'float'],
    ["'13:45:00+02'::timetz", '13:45:00+02:00', 'time'],
    ["'1 year 2 days 03:00'::interval", 'P1Y2DT3H', 'other'],
    [
      'ARRAY[[1,2],[3,NULL]]',
      [
        [1, 2],
        [3, null],
      ],
      'array',
    ],
    [`ARRAY['a"b', 'c\\d', 'NULL', NULL, '', '{}', 'e,f']`, ['a"b', 'c\\d', 'NULL', null, '', '{}', 'e,f'], 'array'],
    ["'[0:1]={9007199254740993,2}'::int8[]", ['9007199254740993', '2'], 'array'],
    ["'{}'::text[]", [], 'array'],
    ["'{(1,1),(0,0);(2,2),(1,1)}'::box[]", ['(1,1),(0,0)', '(2,2),(1,1)'], 'array'],
    [
      `'{"a":[1,{"b":null}],"n":9007199254740993,"d":0.1,"e":1.50}'::jsonb`,
      { a: [1, { b: null }], n: '9007199254740993', d: 0.1, e: 1.5 },
      'json',
    ],
    [
      `'{"__proto__":"1e5","t":"12345678901234567890"}'::json`,
      JSON.parse('{"__proto__":"1e5","t":"12345678901234567890"}'),
      'json',
    ],
    ["'[1,5)'::int4range", '[1,5)', 'other'],
    ["ROW(1, 'a')", '(1,a)', 'other'],
    ["'happy'::public.mood", 'happy', 'enum'],
    ["ARRAY['happy'::public.mood]", ['happy'], 'array'],
    ['5::public.positive', 5, 'integer'],
    ['true', true, 'boolean'],
    ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'uuid'],
  ]

  it('are exact, whatever their type', async () => {
    await here().admin.query(
      "CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
    )
    const database = await open()
    for (const [sql, value, family] of cases) {
      const { rows, columns } = await run(database, `SELECT ${sql} AS v`)
      expect([rows, columns[0]?.family], sql).toEqual([[[value]], family])
    }
  })
})

onServer('bad input', () => {
  it('a cell of 200 MB does not reach the memory', async () => {
    const database = await open()
    const before = process.memoryUsage().rss
    const result = await run(database, "SELECT repeat('x', 200000000) AS t")
    expect(result.truncated).toBe('bytes')
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
    expect((await run(database, 'SELECT 1 AS a')).rows).toEqual([[1]])
  })

  it('a billion rows end at the budget', async () => {
    const database = await open()
    const result = await run(database, 'SELECT a.n FROM generate_series(1, 100000) a(n), generate_series(1, 10000) b')
    expect([result.rows.length, result.truncated]).toEqual([1000, 'rows'])
  })

  it('a statement of 10 MB is refused', async () => {
    const failed = run(await open(), `SELECT '${'x'.repeat(10_000_000)}'`)
    await expect(failed).rejects.toMatchObject({ kind: 'statement' })
  })

  it('NUL, half a surrogate and values of the wrong type are refused or bound, and the session goes on', async () => {
    const database = await open()
    await expect(run(database, 'SELECT 1\0; SELECT 2')).rejects.toMatchObject({ kind: 'statement' })
    await expect(run(database, 'SELECT $1::text', { parameters: ['a\0b'] })).rejects.toMatchObject({
      kind: 'statement',
    })
    expect((await run(database, 'SELECT $1::text', { parameters: ['\ud800'] })).rows).toEqual([['\ufffd']])
    const wrong = run(database, 'SELECT $1::int', { parameters: ['123-45-6789'] })
    await expect(wrong).rejects.toMatchObject({ kind: 'statement', state: '22P02', isTextSafe: false })
    await expect(run(database, 'SELECT $1', { parameters: [] })).rejects.toMatchObject({ kind: 'statement' })
    expect((await run(database, 'SELECT 1 AS a')).rows).toEqual([[1]])
  })

  it('COPY, an empty statement and ends of transactions do no harm', async () => {
    const database = await open()
    for (const sql of ['COPY suite_items TO STDOUT', 'COPY suite_items FROM STDIN', '', '--', 'COMMIT', 'ROLLBACK']) {
      for (const access of ['read', 'write'] as const) await run(database, sql, { access }).catch(() => undefined)
    }
    expect((await run(database, 'SELECT count(*)::int AS n FROM suite_items')).rows).toEqual([[3]])
  })
})

onServer('a server that fails', () => {
  it('is said to be unreachable at the start, with what to look at', async () => {
    const database = createPostgresDatabase(settingsFor('postgres://u:hidden@127.0.0.1:1/db'))
    const failure = await database.connect(new AbortController().signal).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'CONNECTOR_FAILED', message: expect.stringContaining('127.0.0.1:1') })
    expect(String(failure)).not.toContain('hidden')
    await database.close()
  })

  it('replaces sessions that it ended, used and unused', async () => {
    const database = await open()
    const slow = run(database, 'SELECT pg_sleep(60)')
    const failed = expect(slow).rejects.toMatchObject({ kind: 'unavailable' })
    await run(database, 'SELECT 1')
    const kill = `SELECT count(pg_terminate_backend(pid))::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`
    await here().admin.query(kill)
    await failed
    expect((await run(database, 'SELECT 1 AS a')).rows).toEqual([[1]])
  })

  it('says that a table is gone, and goes on', async () => {
    const database = await open()
    await here().admin.query('CREATE TABLE goes_away (a int)')
    await run(database, 'SELECT a FROM goes_away')
    await here().admin.query('DROP TABLE goes_away')
    await expect(run(database, 'SELECT a FROM goes_away')).rejects.toMatchObject({ state: '42P01', isTextSafe: true })
  })

  it('takes no session more once the pool is at its size', async () => {
    const database = await open()
    await Promise.all(Array.from({ length: 40 }, () => run(database, 'SELECT pg_sleep(0.01)')))
    const sql = `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'toolgate'`
    const client = new pg.Client({ connectionString: here().url })
    await client.connect()
    await database.close()
    expect((await client.query<{ n: number }>(sql)).rows[0]?.n).toBeLessThanOrEqual(6 * opened.length)
    const ended = once(client, 'end')
    await client.end()
    await ended
  })
})

onServer('row-level security', () => {
  it('goes by what the session is told, and a caller without it sees nothing', async () => {
    const { admin, makeRole, urlFor } = here()
    const login = await makeRole()
    await admin.query(`CREATE TABLE held (id int PRIMARY KEY, tenant text);
      INSERT INTO held VALUES (1, 'acme'), (2, 'globex'); ALTER TABLE held ENABLE ROW LEVEL SECURITY;
      CREATE POLICY by_tenant ON held USING (tenant = current_setting('app.tenant', true));
      GRANT SELECT ON held TO ${login}`)
    const database = await open(urlFor(login))
    const seen = async (tenant?: string): Promise<unknown> => {
      const settings = tenant === undefined ? {} : { 'app.tenant': tenant }
      return (await run(database, 'SELECT id FROM held', { identity: { settings } })).rows
    }
    expect(await seen('acme')).toEqual([[1]])
    expect(await seen('globex')).toEqual([[2]])
    expect(await seen()).toEqual([])
  })

  it('goes by the role that a statement runs under', async () => {
    const { admin, makeRole, urlFor } = here()
    const [login, tenant] = [await makeRole(), await makeRole('NOLOGIN')]
    await admin.query(`GRANT ${tenant} TO ${login}`)
    const database = await open(urlFor(login))
    const look = 'SELECT current_user::text'
    expect((await run(database, look, { identity: { role: tenant, settings: {} } })).rows).toEqual([[tenant]])
    expect((await run(database, look)).rows).toEqual([[login]])
    const foreign = run(database, look, { identity: { role: 'postgres', settings: {} } })
    await expect(foreign).rejects.toMatchObject({ kind: 'permission' })
  })
})

onServer('what the login may do', () => {
  const exposed = [{ schema: 'public', name: 'suite_items' }]
  const signal = new AbortController().signal

  it('refuses a superuser', async () => {
    const report = await (await open()).readPrivileges(exposed, signal)
    expect(report.findings).toEqual([expect.objectContaining({ severity: 'refuse', code: 'superuser' })])
    expect(() => checkPrivileges('crm', report, false)).toThrow(/superuser/)
  })

  it('finds what is too much, and the remedy makes a login that nothing is found of', async () => {
    const own = await createScratch()
    if (own === undefined) throw new Error(HOW_TO_START_POSTGRES)
    for (const sql of SQL_SUITE_FIXTURE) await own.admin.query(sql)
    const [login, clean] = [await own.makeRole('LOGIN BYPASSRLS CREATEDB'), await own.makeRole()]
    await own.admin.query(`ALTER TABLE suite_items OWNER TO ${login}; GRANT pg_read_server_files TO ${login};
      GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT INSERT ON suite_orders TO ${login}`)
    const bad = await open(own.urlFor(login))
    const report = await bad.readPrivileges(exposed, signal)
    expect(report.findings.map(({ code }) => code)).toEqual([
      'bypass-row-security',
      'owner',
      'strong-roles',
      'role-attributes',
      'can-create',
      'can-write',
      'no-role-limits',
      'no-connection-limit',
    ])
    await own.admin.query(`DROP ROLE ${clean}`)
    for (const sql of report.remedy) await own.admin.query(sql.replaceAll('toolgate_reader', clean))
    const good = await open(own.urlFor(clean))
    expect((await good.readPrivileges(exposed, signal)).findings).toEqual([])
    expect((await run(good, 'SELECT id FROM suite_items WHERE id = 1')).rows).toEqual([[1]])
    await bad.close()
    await good.close()
    await own.drop()
  })

  it('refuses a login whose password was changed, and says so', async () => {
    const database = createPostgresDatabase(settingsFor(here().urlFor('toolgate_nobody', 'old-secret')))
    const failure = await database.connect(signal).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'CONNECTOR_FAILED', message: expect.stringMatching(/refuses the login/) })
    expect(JSON.stringify(failure)).not.toContain('old-secret')
    await database.close()
  })
})
