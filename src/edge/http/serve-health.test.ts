import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestEngine, serveEngine, type TestServer } from '../../../test/fixtures/engine.ts'
import { send } from '../../../test/fixtures/http-client.ts'

const crm = { name: 'crm', required: true, state: 'up' } as const
const state = { isReady: true, connectors: () => [crm] }
const test = createTestEngine([])
let server: TestServer
beforeAll(async () => {
  server = await serveEngine(test, undefined, state)
})
afterAll(() => server.close())
beforeEach(() => {
  state.isReady = true
})

const probe = (path: string, more: { method?: string; headers?: Record<string, string | undefined> } = {}) =>
  send(server.port, { path, method: more.method ?? 'GET', headers: { authorization: undefined, ...more.headers } })

describe('a probe', () => {
  it('is answered without a credential, under any Host, and learns how connectors stand by none but an address', async () => {
    const bare = { status: 'ok' }
    for (const [path, host, body] of [
      ['/health/live', '10.1.2.3:3000', bare],
      ['/health/ready', '10.1.2.3:3000', { ...bare, connectors: [crm] }],
      ['/health/ready?verbose', '[::1]:3000', { ...bare, connectors: [crm] }],
      ['/health/ready', 'evil.example:3000', bare],
    ] as const) {
      const answer = await probe(path, { headers: { host } })
      expect([path, answer.status, JSON.parse(answer.text)]).toEqual([path, 200, body])
      expect(Object.keys(answer.headers).sort()).toEqual([
        'cache-control',
        'connection',
        'content-length',
        'content-type',
        'date',
        'keep-alive',
      ])
    }
  })

  it('finds a process that should get no requests alive but not ready', async () => {
    state.isReady = false
    expect((await probe('/health/live')).status).toBe(200)
    const ready = await probe('/health/ready')
    expect([ready.status, JSON.parse(ready.text)]).toEqual([503, { status: 'unavailable', connectors: [crm] }])
  })

  it('is not readable for a page elsewhere', async () => {
    const answer = await probe('/health/ready', { headers: { origin: 'https://evil.example' } })
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('does not count against whoever sends wrong credentials, and is not refused for them', async () => {
    const before = test.observed.length
    for (let count = 0; count < 50; count += 1) {
      expect((await probe('/health/ready', { headers: { authorization: 'Bearer eve' } })).status).toBe(200)
    }
    expect(test.observed.length).toBe(before)
  })

  it('may be a HEAD, and nothing else', async () => {
    const head = await probe('/health/live', { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    const post = await probe('/health/live', { method: 'POST' })
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  it('opens no other door: what lies beside it is guarded as before', async () => {
    for (const path of ['/health', '/health/', '/health/live/', '/health/live/../../mcp', '/Health/live']) {
      expect([path, (await probe(path)).status]).toEqual([path, 404])
      expect([path, (await probe(path, { headers: { host: 'evil.example' } })).status]).toEqual([path, 403])
    }
    expect((await probe('/mcp?/health/live', { method: 'POST' })).status).toBe(401)
  })
})

it('an MCP endpoint at the path of a probe stays the MCP endpoint', async () => {
  const other = await serveEngine(createTestEngine([], { server: { path: '/health/live' } }))
  const answer = await send(other.port, { path: '/health/live', headers: { authorization: undefined }, body: '{}' })
  expect(answer.status).toBe(401)
  await other.close()
})
