import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
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

const call = (era: 'modern' | 'legacy', args: object): Promise<Record<string, unknown>> =>
  app.connectInMemory(undefined, { era }).request('tools/call', { name: 'get_current_date', arguments: args })

it.each(['modern', 'legacy'] as const)('tells the date to a client of the %s era', async (era) => {
  const { content } = (await call(era, { timezone: 'Asia/Kolkata' })) as { content: [{ text: string }] }
  expect(content[0].text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:30$/)
  expect(Math.abs(Date.parse(content[0].text) - Date.now())).toBeLessThan(60_000)
})

it('passes on what the server says of an unknown time zone', async () => {
  expect(await call('modern', { timezone: 'Berlin' })).toMatchObject({
    isError: true,
    content: [{ text: 'Unknown time zone: Berlin' }],
  })
})

it('refuses wrong arguments before the server sees them', async () => {
  expect(await call('modern', { timezone: 5 })).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('timezone') }],
  })
})

it('leaves a record of every call', async () => {
  await call('modern', {})
  await app.close()
  const [chain = ''] = await readdir(join(directory, 'audit'))
  const text = await readFile(join(directory, 'audit', chain, '000000000000.jsonl'), 'utf8')
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const ended = records.findLast(({ event }) => event === 'call.completed')
  expect(ended).toMatchObject({ name: 'get_current_date', decision: 'permit', status: 'ok' })
})
