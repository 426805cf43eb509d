import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLegacy, send, sendModern } from '../../test/fixtures/http-client.ts'
import { type ParsedFamily, parseExposition } from '../../test/fixtures/parse-exposition.ts'
import { defineTool } from '../capabilities/definition.ts'
import type { Config } from '../config/config.ts'
import { defaultConfig } from '../config/default-config.ts'
import type { Connector } from '../connectors/connector.ts'
import type { App } from './app.ts'
import { createApp } from './create-app.ts'
import { newApiKey } from './keys/make-key.ts'

let directory: string
let app: App
let port: number
let release: () => void
const keys: Record<string, string> = {}

const tools: Connector = {
  name: 'tools',
  connect: async () => [
    { definition: defineTool({ name: 'one', description: 'One.', run: () => 'x' }), source: 'one.ts' },
    {
      definition: defineTool({
        name: 'held',
        description: 'Waits.',
        run: () => new Promise<string>((resolve) => (release = () => resolve('x'))),
      }),
      source: 'held.ts',
    },
  ],
  close: async () => {},
}

function config(more: Partial<Config> = {}): Config {
  const base = defaultConfig({ connectors: [], directory })
  const roles = {
    user: { scopes: [], allow: [{ name: '*' }], deny: [] },
    watcher: { scopes: ['toolgate:metrics'], allow: [], deny: [] },
  }
  return { ...base, access: { ...base.access, roles }, ...more }
}

async function start(given: Config = config()): Promise<void> {
  const made = await Promise.all(['user', 'watcher'].map((role) => newApiKey(given, { name: role, roles: [role] })))
  keys.user = `Bearer ${made[0]?.text}`
  keys.watcher = `Bearer ${made[1]?.text}`
  const stored = made.map((key) => key.stored)
  app = await createApp(given, { writeLog: () => {}, keys: stored, connectors: [tools] })
  port = (await app.listen({ port: 0 })).port
}

const get = (headers: Record<string, string> = {}, path = '/metrics'): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers })

async function scrape(): Promise<ReadonlyMap<string, ParsedFamily>> {
  const answer = await get({ authorization: keys.watcher as string })
  expect(answer.status).toBe(200)
  return parseExposition(await answer.text(), 'text')
}
const firstOf = (families: ReadonlyMap<string, ParsedFamily>, name: string): number | undefined =>
  families.get(name)?.samples[0]?.value

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-metrics-'))
})
afterEach(async () => {
  await app.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('the metrics of a server', () => {
  it('are for holders of the scope alone', async () => {
    await start()
    const nobody = await get()
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="toolgate"'])
    const user = await get({ authorization: keys.user as string })
    expect(user.status).toBe(403)
    expect(user.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="toolgate:metrics"')
    expect(await user.json()).toMatchObject({
      error: { data: { code: 'INSUFFICIENT_SCOPE', missingScopes: ['toolgate:metrics'] } },
    })
    expect((await get({ authorization: keys.watcher as string })).status).toBe(200)
    expect((await get({ authorization: keys.watcher as string }, '/metrics/')).status).toBe(404)
  })

  it('are not for whoever may come without a key, unless a role says so, and never under a foreign name', async () => {
    const base = config()
    await start({ ...base, access: { ...base.access, anonymous: { roles: ['user'] } } })
    expect((await get()).status).toBe(403)
    await app.close()
    await start({ ...base, access: { ...base.access, anonymous: { roles: ['watcher'] } } })
    expect((await get()).status).toBe(200)
    const rebound = await send(port, {
      path: '/metrics',
      method: 'GET',
      headers: { authorization: undefined, host: 'evil.example' },
    })
    expect(rebound.json.error.data.code).toBe('FOREIGN_HOST')
  })

  it('come in the format that is asked for, to GET and HEAD alone', async () => {
    await start()
    const authorization = keys.watcher as string
    const answer = await get({ authorization, accept: 'application/openmetrics-text;version=1.0.0,*/*;q=0.1' })
    expect(answer.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(parseExposition(await answer.text(), 'openmetrics').has('toolgate_calls_in_flight')).toBe(true)
    const head = await send(port, { path: '/metrics', method: 'HEAD', headers: { authorization } })
    expect([head.status, head.text]).toEqual([200, ''])
    const post = await send(port, { path: '/metrics', headers: { authorization } })
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  it('are nowhere when they are switched off', async () => {
    await start(config({ metrics: { enabled: false, path: '/metrics', maxClients: 50 } }))
    expect((await get({ authorization: keys.watcher as string })).status).toBe(404)
  })

  it('count what clients do, by what is in the catalog', async () => {
    await start()
    const headers = { authorization: keys.user as string }
    await sendModern(port, 'tools/call', { name: 'one', arguments: {} }, { headers })
    await sendModern(port, 'tools/call', { name: 'evil', arguments: {} }, { headers })
    await sendModern(port, 'tools/list', {}, { headers })
    await sendModern(port, 'evil/method', {}, { headers })
    const families = await scrape()
    const operations = families
      .get('mcp_server_operation_duration_seconds')
      ?.samples.filter(({ name }) => name.endsWith('_count'))
      .map(({ labels, value }) => [labels.mcp_method_name, labels.gen_ai_tool_name, labels.error_type, value])
    expect(operations).toEqual([
      ['tools/call', 'one', undefined, 1],
      ['tools/call', '_OTHER', undefined, 1],
      ['tools/list', undefined, undefined, 1],
      ['_OTHER', undefined, undefined, 1],
    ])
    expect(families.get('toolgate_calls_total')?.samples.map(({ labels }) => labels.client)).toEqual(['user', 'user'])
    expect(firstOf(families, 'toolgate_audit_writable')).toBe(1)
    expect(firstOf(families, 'process_start_time_seconds')).toBeGreaterThan(1.7e9)
  })

  it('go on counting calls that run while the configuration changes', async () => {
    await start()
    const held = sendModern(
      port,
      'tools/call',
      { name: 'held', arguments: {} },
      { headers: { authorization: keys.user } },
    )
    while (firstOf(await scrape(), 'toolgate_calls_in_flight') !== 1);
    await app.reconfigure(config({ title: 'Other' }))
    expect(firstOf(await scrape(), 'toolgate_calls_in_flight')).toBe(1)
    release()
    await held
    expect(firstOf(await scrape(), 'toolgate_calls_in_flight')).toBe(0)
  })

  it('know the sessions that are open, and how long those were that have ended', async () => {
    await start()
    const client = await openLegacy(port, { token: (keys.user ?? '').slice('Bearer '.length) })
    expect(firstOf(await scrape(), 'toolgate_sessions_open')).toBe(1)
    await send(port, {
      method: 'DELETE',
      headers: { authorization: keys.user, 'mcp-session-id': client.sessionId },
    })
    const families = await scrape()
    expect(firstOf(families, 'toolgate_sessions_open')).toBe(0)
    expect(families.get('mcp_server_session_duration_seconds')?.samples.at(-1)).toMatchObject({
      labels: { network_transport: 'tcp' },
      value: 1,
    })
  })
})
