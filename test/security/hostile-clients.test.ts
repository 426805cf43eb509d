import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Definition, defineResource, defineTool } from '../../src/capabilities/definition.ts'
import { elicit, inputRequired } from '../../src/capabilities/input-required.ts'
import type { Engine } from '../../src/edge/engine.ts'
import { createTestEngine, holder, serveEngine, type TestEngineOptions, type TestServer } from '../fixtures/engine.ts'
import { modernRequest, openLegacy, openStream, send, sendModern } from '../fixtures/http-client.ts'
import { liveBytes } from '../fixtures/live-heap.ts'

const MIB = 1024 * 1024
/** As many streams as hold more together than a principal may, though each alone holds little enough. */
const MANY = 24
const BIG = 'x'.repeat(100_000)
const definitions: readonly Definition[] = [
  defineTool({ name: 'hi', run: (_input, { caller }) => `hi ${caller.name}` }),
  defineTool({
    name: 'flood',
    input: z.object({ times: z.int() }),
    run: async ({ times }, { log, signal }) => {
      for (let count = 0; count < times && !signal.aborted; count += 1) {
        log('info', `${BIG}${count}`)
        await setImmediate()
      }
      return 'flooded'
    },
  }),
  defineTool({
    name: 'ask',
    run: (_input, { inputs }) =>
      inputs.a === undefined ? inputRequired({ requests: { a: elicit('?', {}) } }) : 'answered',
  }),
  defineTool({
    name: 'announce',
    input: z.object({ uri: z.string() }),
    run: ({ uri }, { notify }) => {
      notify.resourceUpdated(uri)
      return 'announced'
    },
  }),
  defineResource({ name: 'long', uri: `db://${'y'.repeat(50_000)}`, read: () => 'y' }),
]
const LONG_URI = `db://${'y'.repeat(50_000)}`

let server: TestServer | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server?.close()
  server = undefined
})

async function start(options: TestEngineOptions = {}) {
  const test = createTestEngine(definitions, options)
  server = await serveEngine(test, [holder('ann', 'user'), holder('bob', 'user')])
  return { ...test, server, port: server.port }
}

/** A socket that sends what it is given and keeps what comes. */
function dial(port: number, text = '') {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  let received = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(received)))
  if (text !== '') socket.write(text)
  return { socket, closed }
}

/** Counts how often some text comes; it is shorter than what surrounds it, so it is found once. */
function countMark(socket: Socket, mark: string) {
  let count = 0
  let tail = ''
  let look: () => void = () => {}
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    const text = tail + chunk.toString('latin1')
    count += text.split(mark).length - 1
    tail = text.slice(Math.max(text.lastIndexOf(mark) + mark.length, text.length - mark.length + 1))
    look()
  })
  const until = (expected: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (count >= expected) resolve()
      }
      look()
    })
  return { until }
}

function countConnections(): Promise<number> {
  return new Promise((resolve) => server?.edge.server.getConnections((_, count) => resolve(count)))
}

/** The bytes of a request, for a client that reads when it likes. */
function bytesOf({ headers = {}, body = '' }: ReturnType<typeof modernRequest>): string {
  const lines = Object.entries({
    host: 'localhost',
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...headers,
  })
  return `POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${String(body)}`
}

describe('one principal that initializes ten thousand times', () => {
  it('is answered every time, holds no more sessions than it may, and takes nothing from others', async () => {
    const { port, server: held } = await start({
      server: { sessions: { idleMs: 1_800_000, max: 60, maxPerPrincipal: 50 } },
    })
    const others = await openLegacy(port, { token: 'bob' })
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'flood', version: '1' } }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
    const opening = bytesOf({ headers: { authorization: 'Bearer ann' }, body })
    const flood = (count: number): Promise<number> => countAnswers(port, opening, count)
    expect(await flood(2_000)).toBe(2_000)
    const before = liveBytes()
    expect(await flood(8_000)).toBe(8_000)
    expect(held.edge.sessions.size).toBe(51)
    expect(liveBytes() - before).toBeLessThan(2_000_000)
    expect((await others.request('tools/call', { name: 'hi' })).json.result.content[0].text).toBe('hi bob')
  })

  it('is told so when all places are taken by others', async () => {
    const { port } = await start({ server: { sessions: { idleMs: 1_800_000, max: 1, maxPerPrincipal: 1 } } })
    const others = await openLegacy(port, { token: 'bob' })
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25' },
    })
    const refused = await send(port, { body })
    expect([refused.status, refused.json.id, refused.json.error.data.code]).toEqual([503, 7, 'TOO_MANY_SESSIONS'])
    expect((await others.request('ping')).json.result).toEqual({})
  })
})

/** Sends the same request over and over on one connection, the next one with the answer before; counts what is a 200. */
function countAnswers(port: number, request: string, count: number): Promise<number> {
  const { socket } = dial(port)
  socket.removeAllListeners('data')
  return new Promise((resolve) => {
    let answered = 0
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const [, length] = /^HTTP\/1\.1 200.*?\r\ncontent-length: (\d+)/is.exec(text) ?? []
      const end = text.indexOf('\r\n\r\n') + 4 + Number(length)
      if (length === undefined || text.length < end) return
      text = text.slice(end)
      answered += 1
      if (answered < count) socket.write(request)
      else resolve(answered)
    })
    socket.on('close', () => resolve(answered))
    socket.write(request)
  })
}

describe('a subscriber that never reads', () => {
  it('is dropped once too much waits for it, and others hear everything', async () => {
    const { engine, port } = await start()
    const notifications = { resourceSubscriptions: [LONG_URI] }
    const deaf = dial(port, bytesOf(modernRequest('subscriptions/listen', { notifications })))
    await new Promise((resolve) => deaf.socket.once('data', resolve))
    deaf.socket.pause()
    const reader = dial(port, bytesOf(modernRequest('subscriptions/listen', { notifications }, 2, 'bob')))
    const heard = countMark(reader.socket, 'notifications/resources/updated')
    await new Promise((resolve) => reader.socket.once('data', resolve))
    const before = liveBytes()
    const connections = await countConnections()
    let told = 0
    while ((await countConnections()) === connections && told < 1_000) {
      for (let burst = 0; burst < 20; burst += 1) engine.notifier.resourceUpdated(LONG_URI)
      told += 20
      await heard.until(told)
    }
    expect(told).toBeLessThan(1_000)
    expect(liveBytes() - before).toBeLessThan(8_000_000)
    engine.notifier.resourceUpdated(LONG_URI)
    await heard.until(told + 1)
  })

  it('holds no more with many streams than its principal may, and others hear everything', async () => {
    const { engine, port } = await start()
    const notifications = { resourceSubscriptions: [LONG_URI] }
    const subscribe = async (id: number, token: string) => {
      const dialled = dial(port, bytesOf(modernRequest('subscriptions/listen', { notifications }, id, token)))
      await new Promise((resolve) => dialled.socket.once('data', resolve))
      return dialled
    }
    for (let id = 0; id < MANY; id += 1) (await subscribe(id, 'ann')).socket.pause()
    const heard = countMark((await subscribe(1, 'bob')).socket, 'notifications/resources/updated')
    const connections = await countConnections()
    let [told, most] = [0, 0]
    while ((await countConnections()) === connections && told < 2_000) {
      engine.notifier.resourceUpdated(LONG_URI)
      told += 1
      most = Math.max(most, engine.waiting.total)
      await heard.until(told)
    }
    expect(told).toBeLessThan(2_000)
    for (const end = told + 50; told < end; told += 1) {
      engine.notifier.resourceUpdated(LONG_URI)
      most = Math.max(most, engine.waiting.total)
      await heard.until(told + 1)
    }
    expect(most).toBeGreaterThan(8 * MIB)
    expect(most).toBeLessThanOrEqual(16 * MIB + 2 * BIG.length)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => engine.waiting.total).toBe(0)
  })

  it('leaves no more behind with many lost streams than its principal may', async () => {
    const { engine, port, server: held } = await start({ server: { maxStreamsPerPrincipal: MANY } })
    for (let count = 0; count < MANY; count += 1) {
      const client = await openLegacy(port)
      await client.request('resources/subscribe', { uri: LONG_URI })
      const headers = { 'mcp-session-id': client.sessionId, 'mcp-protocol-version': '2025-11-25' }
      const stream = await openStream(port, { method: 'GET', headers })
      stream.leave()
    }
    await expect.poll(() => free(engine, MANY)).toBe(true)
    let most = 0
    for (let told = 0; told < 30; told += 1) {
      engine.notifier.resourceUpdated(LONG_URI)
      most = Math.max(most, engine.waiting.total)
    }
    expect(most).toBeGreaterThan(8 * MIB)
    expect(most).toBeLessThanOrEqual(16 * MIB)
    held.edge.sessions.close()
    expect(engine.waiting.total).toBe(0)
  })

  it('of a call that floods it is dropped, and the call hears of it', async () => {
    const { port, records } = await start({ limits: { maxNotificationsPerCall: 100_000 } })
    const _meta = { 'io.modelcontextprotocol/logLevel': 'debug' }
    const request = modernRequest('tools/call', { name: 'flood', arguments: { times: 1_000 }, _meta })
    const deaf = dial(port)
    deaf.socket.pause()
    deaf.socket.write(bytesOf(request))
    await expect.poll(() => records.length, { timeout: 10_000 }).toBe(1)
    expect(records[0]).toMatchObject({ name: 'flood', status: 'cancelled' })
    expect((await sendModern(port, 'tools/call', { name: 'hi' })).status).toBe(200)
  })
})

describe('a client that sends by the byte', () => {
  it('is cut off before its headers or its body are whole, and nothing is executed', async () => {
    const { port, records, server: held } = await start()
    // The timers are the server's own, with shorter times.
    Object.assign(held.edge.server, { headersTimeout: 50, requestTimeout: 100 })
    const whole = bytesOf(modernRequest('tools/call', { name: 'hi' }))
    const slow = ['POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-', whole.slice(0, -1)]
    for (const answer of await Promise.all(slow.map((text) => dial(port, text).closed))) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    }
    expect(records).toEqual([])
  })

  it('is given seconds, not minutes, by every server', async () => {
    const { server: held } = await start()
    expect(held.edge.server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 })
  })
})

describe('a client of an older revision that never answers a question', () => {
  it('has its call ended when the time is up, in words that say so, and its session goes on', async () => {
    const { port } = await start({ server: { askTimeoutMs: 20 } })
    const client = await openLegacy(port, { capabilities: { elicitation: {} } })
    const answer = await client.request('tools/call', { name: 'ask' })
    expect(answer.messages[0]).toMatchObject({ method: 'elicitation/create' })
    expect(answer.json.result).toMatchObject({ isError: true })
    expect(answer.json.result.content[0].text).toMatch(/did not answer the question in time/)
    const late = await client.post({ id: answer.messages[0].id, result: { action: 'accept', content: {} } })
    expect(late.status).toBe(202)
    expect((await client.request('ping')).json.result).toEqual({})
  })
})

describe('a client of an older revision that uses one id for two running requests', () => {
  it('has the second refused, over HTTP as over stdio, and the first goes on and can be cancelled', async () => {
    const { port, records } = await start()
    const client = await openLegacy(port, { capabilities: { elicitation: {} } })
    const headers = { 'mcp-session-id': client.sessionId, 'mcp-protocol-version': '2025-11-25' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'same', method: 'tools/call', params: { name: 'ask' } })
    const first = await openStream(port, { headers, body })
    const [question] = await first.messages(1)
    const second = await client.request('tools/call', { name: 'hi' }, {}, 'same')
    expect([second.status, second.json.id, second.json.error.data.code]).toEqual([400, 'same', 'INVALID_REQUEST'])
    expect(records.map(({ name }) => name)).toEqual(['ask'])
    await client.post({ method: 'notifications/cancelled', params: { requestId: 'same' } })
    await first.ended
    await client.post({ id: question.id, result: { action: 'accept', content: {} } })
    expect((await client.request('tools/call', { name: 'hi' }, {}, 'same')).status).toBe(200)
  })
})

describe('a client that has vanished', () => {
  it('leaves a session that is gone after its time, and a stream whose place is free at once', async () => {
    let now = 1_000_000
    const sessions = { idleMs: 60_000, max: 10, maxPerPrincipal: 10 }
    const {
      port,
      server: held,
      engine,
    } = await start({
      clock: () => now,
      server: { sessions, maxStreamsPerPrincipal: 1 },
    })
    const client = await openLegacy(port)
    const headers = { 'mcp-session-id': client.sessionId, 'mcp-protocol-version': '2025-11-25' }
    const stream = await openStream(port, { method: 'GET', headers })
    now += 600_000
    await held.edge.sessions.sweep()
    expect(held.edge.sessions.size).toBe(1)
    stream.leave()
    await expect.poll(() => free(engine), { timeout: 10_000 }).toBe(true)
    now += 59_999
    await held.edge.sessions.sweep()
    expect(held.edge.sessions.size).toBe(1)
    now += 1
    await held.edge.sessions.sweep()
    expect(held.edge.sessions.size).toBe(0)
    const answer = await client.request('ping')
    expect([answer.status, answer.json.error.data.code]).toEqual([404, 'SESSION_NOT_FOUND'])
  })

  it('leaves no subscription', async () => {
    const { port, engine } = await start({ server: { maxStreamsPerPrincipal: 1 } })
    const stream = await openStream(
      port,
      modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }),
    )
    await stream.messages(1)
    expect(free(engine)).toBe(false)
    stream.leave()
    await expect.poll(() => free(engine), { timeout: 10_000 }).toBe(true)
  })
})

/** Whether ann has a place for so many streams. */
function free({ streams }: Engine, count = 1): boolean {
  const taken: (() => void)[] = []
  try {
    for (let place = 0; place < count; place += 1) taken.push(streams.open(holder('ann', 'user'), () => {}))
    return true
  } catch {
    return false
  } finally {
    for (const giveBack of taken) giveBack()
  }
}
