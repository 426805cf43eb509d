import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, createApp, loadConfig } from 'toolgate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createPostgresDatabase,
  HOW_TO_START_POSTGRES,
  type PostgresDatabase,
} from '../../test/fixtures/postgres-server.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const scratch = await createPostgresDatabase()
const apps: App[] = []
let directory: string
let url: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'toolgate-example-'))
  if (scratch !== undefined) url = await makeReader(scratch)
})

afterAll(async () => {
  for (const app of apps) await app.close()
  await scratch?.drop()
  await rm(directory, { recursive: true })
})

/** The login that the guide describes: it reads two tables, and nothing else. */
async function makeReader({ admin, makeRole, urlFor }: PostgresDatabase): Promise<string> {
  await admin.query(await readFile(join(here, 'schema.sql'), 'utf8'))
  const reader = await makeRole("LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD 'secret'")
  await admin.query(`GRANT SELECT ON customers, orders TO ${reader}`)
  return urlFor(reader, 'secret')
}

type Call = (tool: string, input: object) => Promise<{ isError?: boolean; structuredContent?: never; content: never }>

/** The example as a caller of a tenant uses it. */
async function as(tenant: string | undefined, role = 'analyst'): Promise<Call> {
  const config = await loadConfig('toolgate.yaml', { cwd: here, env: { SHOP_DATABASE_URL: url } })
  const own = join(directory, String(apps.length))
  const audit = { ...config.audit, directory: join(own, 'audit'), checkpoints: join(own, 'audit.checkpoints') }
  const local = { roles: [role], ...(tenant !== undefined && { tenant }) }
  const access = { ...config.access, local }
  const app = await createApp({ ...config, access, storage: { directory: own }, audit }, { writeLog: () => {} })
  apps.push(app)
  const peer = app.connectInMemory()
  return (name, input) => peer.request('tools/call', { name, arguments: input }) as never
}

it('is a configuration that loads', async () => {
  const env = { SHOP_DATABASE_URL: 'postgres://reader:secret@db.example/shop' }
  const config = await loadConfig('toolgate.yaml', { cwd: here, env })
  expect(config.connectors).toMatchObject([{ type: 'postgres', tls: { mode: 'auto' }, allowPrivileged: false }])
})

describe.skipIf(scratch === undefined)(`the database of the example (${HOW_TO_START_POSTGRES})`, () => {
  it('shows each tenant its rows, without what is hidden and with what is masked', async () => {
    const acme = await as('acme')
    expect(await acme('shop_find', { table: 'customers' })).toMatchObject({
      structuredContent: { rows: [[1, 'acme', 'Ada', 'ad***om']] },
    })
    const support = await as('acme', 'support')
    expect(await support('shop_find', { table: 'customers', columns: ['email'] })).toMatchObject({
      structuredContent: { rows: [['ada@example.com']] },
    })
    const globex = await as('globex')
    expect(await globex('shop_count', { table: 'orders' })).toMatchObject({ structuredContent: { count: '1' } })
  })

  it('binds the tenant to the named query', async () => {
    const acme = await as('acme')
    expect(await acme('shop_open_total', { customer: 1 })).toMatchObject({
      structuredContent: { rows: [{ total: '19.90' }] },
    })
    const globex = await as('globex')
    expect(await globex('shop_open_total', { customer: 1 })).toMatchObject({
      structuredContent: { rows: [{ total: '0' }] },
    })
  })

  it('holds free SQL to the rows of the tenant, and to what is exposed', async () => {
    const acme = await as('acme')
    const joined = 'SELECT c.name, sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY 1'
    expect(await acme('shop_query', { sql: joined })).toMatchObject({
      structuredContent: { rows: [['Ada', '24.90']] },
    })
    for (const sql of [
      'SELECT * FROM salaries',
      'SELECT tax_number FROM customers',
      "SELECT set_config('app.tenant', 'globex', false)",
      'DELETE FROM orders',
    ])
      expect(await acme('shop_query', { sql }), sql).toMatchObject({ isError: true })
    const hidden = "SELECT id FROM orders WHERE tenant_id = 'globex' OR true"
    expect(await acme('shop_query', { sql: hidden })).toMatchObject({ structuredContent: { rows: [[10], [11]] } })
  })

  it('shows nothing to a caller without a tenant', async () => {
    const nobody = await as(undefined)
    for (const [tool, input] of [
      ['shop_find', { table: 'orders' }],
      ['shop_open_total', { customer: 1 }],
      ['shop_query', { sql: 'SELECT * FROM orders' }],
    ] as const)
      expect(await nobody(tool, input), tool).toMatchObject({ isError: true })
  })

  it('is held by the database itself, should the rules be left out', async () => {
    const login = new (await import('pg')).default.Client({ connectionString: url })
    await login.connect()
    expect((await login.query('SELECT * FROM orders')).rows).toEqual([])
    await login.query("SET app.tenant = 'globex'")
    expect((await login.query('SELECT id FROM orders')).rows).toEqual([{ id: 12 }])
    await login.end()
  })
})
