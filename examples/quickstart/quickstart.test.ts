import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, createApp, loadConfig } from 'toolgate'
import { afterAll, beforeAll, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
let directory: string
let app: App

beforeAll(async () => {
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

it('offers one tool that only reads', async () => {
  const { tools } = await app.connectInMemory().request('tools/list')
  expect(tools).toMatchObject([{ name: 'get_current_date', annotations: { readOnlyHint: true } }])
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
