import { afterEach, describe, expect, it } from 'vitest'
import { createTestEngine, serveEngine, type TestServer } from '../../../test/fixtures/engine.ts'
import { defineTool } from '../../capabilities/definition.ts'

let server: TestServer
afterEach(() => server.close())

function post(method: string): Promise<Response> {
  return fetch(server.url, {
    method: 'POST',
    headers: {
      authorization: 'Bearer ann',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  })
}

describe('lists', () => {
  it('count against the rate of their caller, less than calls do', async () => {
    const limits = { callsPerMinute: 1, burst: 1, listCost: 0.25 }
    const test = createTestEngine([defineTool({ name: 'it', run: () => 'ok' })], { limits, clock: () => 1_000_000 })
    server = await serveEngine(test)
    const statuses: number[] = []
    for (let count = 0; count < 5; count += 1) statuses.push((await post('tools/list')).status)
    expect(statuses).toEqual([200, 200, 200, 200, 429])
    expect((await post('tools/list')).headers.get('retry-after')).toBe('15')
  })
})
