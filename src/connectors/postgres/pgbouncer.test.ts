import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { createPostgresDatabase as createScratch } from '../../../test/fixtures/postgres-server.ts'
import { type ExecuteOptions, NO_IDENTITY, type SqlDatabase, type SqlResult } from '../sql/database.ts'
import { createPostgresDatabase } from './create-postgres-database.ts'

const has = spawnSync('pgbouncer', ['--version']).status === 0
const scratch = has ? await createScratch() : undefined
const bouncer = scratch === undefined ? undefined : await startBouncer(new URL(scratch.url))

afterAll(async () => {
  if (bouncer !== undefined) {
    bouncer.child.kill('SIGINT')
    await once(bouncer.child, 'exit')
    await rm(bouncer.folder, { recursive: true })
  }
  await scratch?.drop()
})

describe.skipIf(bouncer === undefined)('PgBouncer in transaction mode (apt-get install pgbouncer, PostgreSQL)', () => {
  it('keeps every promise: rows, limits, identity, cancelling, and nothing of a caller left', async () => {
    const database = createPostgresDatabase({
      url: bouncer?.url ?? '',
      tls: { mode: 'auto' },
      pool: { max: 6, reserved: 2, connectTimeoutMs: 5_000, idleMs: 60_000 },
    })
    await database.connect(new AbortController().signal)
    const mine = { identity: { settings: { 'app.tenant': 'acme' } } }
    const look = "SELECT nullif(current_setting('app.tenant', true), '')"
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        expect((await run(database, `SELECT ${at}, pg_sleep(0.005)`)).rows[0]?.[0]).toBe(at)
        expect((await run(database, look, mine)).rows).toEqual([['acme']])
        expect((await run(database, look)).rows).toEqual([[null]])
      }),
    )
    const long = await run(database, 'SELECT n FROM generate_series(1, 3000) n')
    expect([long.rows.length, long.truncated]).toEqual([1000, 'rows'])
    await run(database, "SELECT set_config('app.tenant', 'left', false)")
    expect((await run(database, look)).rows).toEqual([[null]])
    const gone = new AbortController()
    const slow = run(database, 'SELECT pg_sleep(30) AS through_bouncer', { signal: gone.signal })
    const rejected = expect(slow).rejects.toThrow()
    while ((await sleeping()) === 0) await delay(5)
    gone.abort()
    await rejected
    for (const endsAt = performance.now() + 1_000; (await sleeping()) > 0; ) {
      expect(performance.now()).toBeLessThan(endsAt)
    }
    await database.close()
  })
})

function run(database: SqlDatabase, text: string, more: Partial<ExecuteOptions> = {}): Promise<SqlResult> {
  return database.execute(
    { text, parameters: [] },
    {
      signal: new AbortController().signal,
      access: 'read',
      lane: 'ordinary',
      identity: NO_IDENTITY,
      budget: { maxRows: 1000, maxBytes: 1_000_000, timeoutMs: 10_000 },
      ...more,
    },
  )
}

async function sleeping(): Promise<number> {
  const sql = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query LIKE '%through_bouncer%' AND pid <> pg_backend_pid()`
  return (await scratch?.admin.query<{ n: number }>(sql))?.rows[0]?.n ?? 0
}

interface Bouncer {
  readonly child: ChildProcess
  readonly folder: string
  readonly url: string
}

/** Fewer sessions of the server than of the pool, so that they are passed around. */
async function startBouncer({ hostname, port, username, password, pathname }: URL): Promise<Bouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'toolgate-bouncer-'))
  await chmod(folder, 0o755)
  const listens = await findPort()
  const secret = password === '' ? '' : ` password=${decodeURIComponent(password)}`
  const lines = [
    '[databases]',
    `* = host=${hostname} port=${port || 5432} user=${username}${secret}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${listens}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 3',
  ]
  await writeFile(join(folder, 'pgbouncer.ini'), `${lines.join('\n')}\n`)
  // It does not run as root.
  const as = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn('pgbouncer', ['-q', ...as, join(folder, 'pgbouncer.ini')], { stdio: 'ignore' })
  for (let time = 0; time < 200 && !(await isOpen(listens)); time += 1) await delay(25)
  return { child, folder, url: `postgres://${username}@127.0.0.1:${listens}${pathname}` }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1')
  const isThere = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return isThere
}

async function findPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
