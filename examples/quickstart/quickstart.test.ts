import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, createApp, loadConfig, type Principal } from 'toolgate'
import { afterAll, beforeAll, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
let directory: string
let app: App

beforeAll(async () => {
  execFileSync(process.execPath, [join(here, 'data/make-sqlite.mjs')])
  directory = await mkdtemp(join(tmpdir(), 'toolgate-example-'))
  const config = await loadConfig('toolgate.yaml', { cwd: here, env: {} })
  const audit = {
    ...config.audit,
    directory: join(directory, 'audit'),
    checkpoints: join(directory, 'audit.checkpoints'),
  }
  app = await createApp({ ...config, storage: { directory }, audit }, { writeLog: () => {} })
})

afterAll(async () => {
  await app.close()
  await rm(directory, { recursive: true })
})

const call = (timezone?: unknown): Promise<Record<string, unknown>> =>
  app
    .connectInMemory()
    .request('tools/call', { name: 'get_current_date', arguments: timezone === undefined ? {} : { timezone } })

const holder = (tenant?: string, roles: readonly string[] = ['user']): Principal => ({
  id: `key:${tenant}`,
  name: 'test',
  kind: 'api-key',
  roles,
  ...(tenant === undefined ? {} : { tenant }),
})

const ask = async (as: Principal, name: string, input: object): Promise<Record<string, unknown>> =>
  (await app.connectInMemory(as).request('tools/call', { name, arguments: input })) as Record<string, unknown>

it('offers tools that only read', async () => {
  const { tools } = (await app.connectInMemory().request('tools/list')) as {
    tools: { name: string; annotations: object }[]
  }
  expect(tools.map(({ name }) => name).sort()).toEqual([
    'get_current_date',
    'shop_count',
    'shop_find',
    'shop_overdue_invoices',
    'shop_search_schema',
  ])
  for (const { annotations } of tools) expect(annotations).toMatchObject({ readOnlyHint: true })
})

it('shows each tenant its own rows', async () => {
  const count = async (tenant: string): Promise<unknown> =>
    (await ask(holder(tenant), 'shop_count', { table: 'customers' })).structuredContent
  expect(await count('acme')).toEqual({ count: '3000' })
  expect(await count('globex')).toEqual({ count: '2000' })
  expect(await count('initech')).toEqual({ count: '1000' })
  expect(await ask(holder(), 'shop_count', { table: 'customers' })).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('known without tenant') }],
  })
})

it('finds overdue invoices of the tenant alone', async () => {
  const found = (await ask(holder('globex'), 'shop_overdue_invoices', { before: '2026-01-01' })) as {
    structuredContent: { rows: (string | number)[][] }
  }
  const { rows } = found.structuredContent
  expect(rows.length).toBeGreaterThan(10)
  const filters = [{ column: 'id', op: 'in', value: rows.slice(0, 50).map(([id]) => id) }]
  const own = await ask(holder('globex'), 'shop_count', { table: 'invoices', filters })
  expect(own.structuredContent).toEqual({ count: '50' })
  const foreign = await ask(holder('acme'), 'shop_count', { table: 'invoices', filters })
  expect(foreign.structuredContent).toEqual({ count: '0' })
})

it('masks e-mail addresses for all but the support', async () => {
  const email = async (roles: readonly string[]): Promise<unknown> => {
    const input = { table: 'customers', columns: ['email'], limit: 1 }
    const found = (await ask(holder('acme', roles), 'shop_find', input)) as { structuredContent: { rows: unknown[][] } }
    return found.structuredContent.rows[0]?.[0]
  }
  expect(await email(['user'])).toMatch(/^..\*\*\*om$/)
  expect(await email(['user', 'support'])).toMatch(/@example\.com$/)
})

it('tells the date in UTC when no time zone is asked for', async () => {
  const { structuredContent } = (await call()) as { structuredContent: { date: string; timezone: string } }
  expect(structuredContent.timezone).toBe('UTC')
  expect(structuredContent.date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
  expect(Math.abs(Date.parse(structuredContent.date) - Date.now())).toBeLessThan(60_000)
})

it('tells the same moment in another time zone', async () => {
  const { structuredContent } = (await call('Asia/Kolkata')) as { structuredContent: { date: string } }
  expect(structuredContent.date).toMatch(/\+05:30$/)
  expect(Math.abs(Date.parse(structuredContent.date) - Date.now())).toBeLessThan(60_000)
})

it('says how to write a time zone that it does not know', async () => {
  expect(await call('Berlin')).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('Europe/Berlin') }],
  })
})

it.each([5, null, 'x'.repeat(65)])('refuses %j for a time zone before the tool runs', async (timezone) => {
  expect(await call(timezone)).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('timezone') }],
  })
})
