import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestEngine, serveEngine, type TestEngine, type TestServer } from '../../../test/fixtures/engine.ts'
import { ENVELOPE, send, sendModern } from '../../../test/fixtures/http-client.ts'
import { defineTool } from '../../capabilities/definition.ts'

let server: TestServer
const held: (() => void)[] = []
const hold = defineTool({ name: 'hold', run: () => new Promise<string>((resolve) => held.push(() => resolve('held'))) })
const quick = defineTool({ name: 'quick', run: () => 'done' })
const large = defineTool({ name: 'large', run: () => 'x'.repeat(32_000_000) })
const chatty = defineTool({
  name: 'chatty',
  run: (_input, context) => {
    context.log('info', 'a stream from here on')
    return 'x'.repeat(32_000_000)
  },
})

async function serve(): Promise<TestEngine> {
  const test = createTestEngine([hold, quick, large, chatty], {
    server: { overload: { enabled: true, maxDelayMs: 1, windowMs: 1 } },
    limits: { maxResultBytes: 64_000_000, callsPerMinute: 1_000_000, burst: 1_000_000 },
  })
  server = await serveEngine(test, undefined, { isReady: true, connectors: () => [], stalledMs: 100, idle: () => 0 })
  return test
}

afterEach(async () => {
  for (const release of held.splice(0)) release()
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.close()
})

const sockets: Socket[] = []
const call = (name: string, token = 'ann') =>
  sendModern(server.port, 'tools/call', { name, arguments: {} }, { headers: { authorization: `Bearer ${token}` } })

/** Four calls that stay, which is as few as are ever let in, while the loop is found to have no time to spare. */
async function overload(): Promise<void> {
  for (let count = 0; count < 4; count += 1) void call('hold').catch(() => {})
  while ((await call('quick')).status !== 503);
}

/** A call that announces more of a body than it sends; resolves with what is answered. */
function sendPart(length: number, more: readonly string[] = []): Promise<string> {
  const lines = ['host: 127.0.0.1', 'authorization: Bearer ann', 'content-type: application/json', ...more]
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1')
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve(String(chunk))
    })
    socket.write(`POST /mcp HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${length}\r\n\r\n{"jsonrpc"`)
  })
}

describe('a server that does not keep up', () => {
  it('refuses calls before their bodies have come, and says when to come back', async () => {
    await serve()
    await overload()
    const [head = '', body = ''] = (await sendPart(1_000)).split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 503 /)
    expect(head.toLowerCase()).toContain('\r\nretry-after: 1\r\n')
    expect(JSON.parse(body)).toMatchObject({ error: { code: -31503, data: { code: 'OVERLOADED', retryAfter: 1 } } })
    expect(server.edge.load.refusals).toBeGreaterThan(0)
  })

  it('reads on after a refusal, so that the next request may come on the same connection', async () => {
    await serve()
    await overload()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const body = 'x'.repeat(900_000)
    const headers = { authorization: 'Bearer ann', 'content-type': 'application/json' }
    const post = (): Promise<[number, boolean]> =>
      new Promise((resolve, reject) => {
        const options = { agent, port: server.port, host: '127.0.0.1', path: '/mcp', method: 'POST', headers }
        const outgoing = request(options, (answer) => {
          answer.resume().once('end', () => resolve([answer.statusCode ?? 0, outgoing.reusedSocket]))
        })
        outgoing.once('error', reject).end(body)
      })
    expect([await post(), await post()]).toEqual([
      [503, false],
      [503, true],
    ])
    agent.destroy()
  })

  it('still answers probes, refuses wrong credentials as ever, and lets somebody else in', async () => {
    await serve()
    await overload()
    expect((await send(server.port, { method: 'GET', path: '/health/live' })).status).toBe(200)
    expect((await call('quick', 'eve')).status).toBe(401)
    expect((await call('quick', 'bob')).status).toBe(200)
    expect((await call('quick', 'ann')).status).toBe(503)
  })

  it('does not count who listens among its calls', async () => {
    const { engine } = await serve()
    const listeners = Array.from({ length: 6 }, () => listen())
    await Promise.all(listeners.map(({ acknowledged }) => acknowledged))
    expect(engine.streams.size).toBe(6)
    for (let count = 0; count < 3; count += 1) void call('hold').catch(() => {})
    while (!server.edge.load.isOverloaded) await call('quick')
    for (let count = 0; count < 100; count += 1) expect((await call('quick')).status).toBe(200)
    for (const { close } of listeners) close()
  })
})

function listen(): { readonly acknowledged: Promise<void>; close(): void } {
  const params = { notifications: { toolsListChanged: true }, _meta: ENVELOPE }
  const headers = {
    authorization: 'Bearer ann',
    'content-type': 'application/json',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'subscriptions/listen',
  }
  const options = { port: server.port, host: '127.0.0.1', path: '/mcp', method: 'POST', headers }
  let close = (): void => {}
  const acknowledged = new Promise<void>((resolve) => {
    const outgoing = request(options, (answer) => answer.once('data', () => resolve()))
    outgoing.on('error', () => {})
    outgoing.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }))
    close = () => outgoing.destroy()
  })
  return { acknowledged, close: () => close() }
}

/** Calls a tool on a raw connection and reads nothing of the answer; resolves when the server has closed it. */
function callWithoutReading(tool: string): Promise<void> {
  const body = JSON.stringify({
    ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
    params: { name: tool, arguments: {}, _meta: { ...ENVELOPE, 'io.modelcontextprotocol/logLevel': 'debug' } },
  })
  const lines = [
    'POST /mcp HTTP/1.1',
    'host: 127.0.0.1',
    'authorization: Bearer ann',
    'content-type: application/json',
    'mcp-protocol-version: 2026-07-28',
    'mcp-method: tools/call',
    `mcp-name: ${tool}`,
    `content-length: ${body.length}`,
  ]
  return new Promise((resolve) => {
    server.edge.server.once('connection', (socket) => socket.once('close', () => resolve()))
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    sockets.push(socket)
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  })
}

describe('a client that does not read', () => {
  it('an answer that is one body of JSON is cut off', async () => {
    await serve()
    await callWithoutReading('large')
  })

  it('the last message of a stream is cut off', async () => {
    await serve()
    await callWithoutReading('chatty')
  })

  it('is told from one that reads a large answer to its end', async () => {
    await serve()
    const { status, text } = await sendModern(server.port, 'tools/call', { name: 'large', arguments: {} })
    expect([status, text.length > 32_000_000]).toEqual([200, true])
  })
})
