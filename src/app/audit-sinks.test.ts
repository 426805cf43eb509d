import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { defaultConfig } from '../config/default-config.ts'
import type { Observation } from '../observe/observation.ts'
import { createApp } from './create-app.ts'
import { recordReading } from './trail/read-trail.ts'
import { searchTrail } from './trail/search-trail.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-sinks-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

type Sinks = Config['audit']['sinks']

function configOf(sinks: Sinks): Config {
  mkdirSync(join(directory, 'tools'), { recursive: true })
  writeFileSync(join(directory, 'tools', 'none.ts'), 'export {}\n')
  const config = defaultConfig({ connectors: [], directory })
  return {
    ...config,
    audit: { ...config.audit, sinks },
    access: { ...config.access, anonymous: { roles: [] }, local: { roles: [] } },
  }
}

const http = (url: string, name?: string): Sinks[number] => ({
  type: 'http',
  ...(name === undefined ? {} : { name }),
  url,
  format: 'jsonl',
  headers: {},
  headersFromEnv: {},
  gzip: false,
  maxBatch: 500,
  timeoutMs: 5_000,
})

it('an app sends its records, the last ones too, and not again after a restart', async () => {
  const events: string[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    events.push(
      ...Buffer.concat(pieces)
        .toString()
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: string }).event),
    )
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const config = configOf([http(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)])
  for (const count of [1, 2]) {
    const app = await createApp(config, { writeLog: () => undefined })
    await app.listen({ port: 0 })
    await app.close()
    expect(events.filter((event) => event === 'lifecycle.started')).toHaveLength(count)
    expect(events.filter((event) => event === 'lifecycle.stopped')).toHaveLength(count)
  }
  server.close()
})

it('a sink that is down leaves one record and one observation, and holds up nobody', async () => {
  const seen: Observation[] = []
  let tell = (): void => undefined
  const failed = new Promise<void>((resolve) => {
    tell = resolve
  })
  const config = configOf([http('http://127.0.0.1:1/')])
  const observer = (each: Observation): void => {
    seen.push(each)
    if (each.type === 'sink.failed') tell()
  }
  const app = await createApp(config, { writeLog: () => undefined, observer })
  await app.listen({ port: 0 })
  await failed
  await app.close()
  expect(seen.filter(({ type }) => type === 'sink.failed')).toEqual([
    { type: 'sink.failed', message: 'The audit sink http takes no records: ECONNREFUSED.', cause: expect.any(Error) },
  ])
  const records = await searchTrail(config.audit.directory, { event: 'sink.failed', limit: 10 })
  expect(records.map(({ record }) => record)).toMatchObject([{ sink: 'http', reason: 'ECONNREFUSED' }])
})

it('a sink on standard output is refused while stdio is served, before anything is written', async () => {
  const app = await createApp(configOf([{ type: 'stdout', format: 'jsonl' }]), { writeLog: () => undefined })
  await expect(app.serveStdio()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('stdio'),
  })
  await app.close()
})

it('two sinks of one name, and a credential that is not there, are mistakes', async () => {
  const twice = await createApp(configOf([http('http://127.0.0.1:1/'), http('http://127.0.0.1:2/')]), {
    writeLog: () => undefined,
  })
  await expect(twice.listen({ port: 0 })).rejects.toThrow(/two sinks named http/)
  await twice.close()
  const secret = {
    ...http('http://127.0.0.1:1/'),
    headersFromEnv: { Authorization: 'TOOLGATE_TEST_NOT_SET' },
  } as Sinks[number]
  const without = await createApp(configOf([secret]), { writeLog: () => undefined })
  await expect(without.listen({ port: 0 })).rejects.toThrow(/TOOLGATE_TEST_NOT_SET/)
  await without.close()
})

it('a reading of the trail is a record in it', async () => {
  const config = configOf([])
  await recordReading(config, { action: 'search', query: '--status=denied', records: 3 })
  const [found] = await searchTrail(config.audit.directory, { event: 'trail.read', limit: 1 })
  expect(found?.record).toMatchObject({
    by: expect.stringMatching(/^cli:/),
    action: 'search',
    query: '--status=denied',
    records: 3,
  })
  expect(existsSync(join(config.audit.directory, 'index.db'))).toBe(true)
  expect(readdirSync(config.audit.directory)).not.toContain('sinks')
})
