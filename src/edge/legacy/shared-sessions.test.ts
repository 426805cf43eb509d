import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestEngine, serveEngine, type TestEngine, type TestServer } from '../../../test/fixtures/engine.ts'
import { openLegacy, openStream, type RawAnswer, send } from '../../../test/fixtures/http-client.ts'
import { defineResource, defineTool } from '../../capabilities/definition.ts'
import { acceptedContent, elicit, inputRequired } from '../../capabilities/input-required.ts'
import { createMemorySessionRecords } from '../../storage/memory/session-records.ts'
import type { SessionRecords } from '../../storage/session-records.ts'
import { createEventBus } from '../event-bus.ts'

const definitions = [
  defineTool({
    name: 'announce',
    input: z.object({ uri: z.string() }),
    run: ({ uri }, { notify, client, log }) => {
      log('debug', 'announcing')
      notify.resourceUpdated(uri)
      return `announced for ${client.info?.name}`
    },
  }),
  defineTool({
    name: 'greet',
    run: (_input, { inputs }) => {
      const name = acceptedContent(inputs.who)?.name
      return name === undefined ? inputRequired({ requests: { who: elicit('Who?', {}) } }) : `Hello, ${String(name)}`
    },
  }),
  defineTool({
    name: 'stepwise',
    run: (_input, context) => {
      context.log('info', 'one')
      context.closeStream()
      return 'two'
    },
  }),
  ...['a', 'b', 'c'].map((name) => defineResource({ name, uri: `db://${name}`, read: () => name })),
]

interface Process extends TestEngine {
  readonly server: TestServer
  readonly port: number
}

const served: TestServer[] = []
afterEach(async () => {
  for (const server of served.splice(0)) await server.edge.close(0)
})

/** Two servers that know nothing of each other but what both have: the records of sessions, and the bus. */
async function startTwo(sessionRecords: SessionRecords = createMemorySessionRecords(), clock?: () => number) {
  const events = createEventBus()
  const start = async (): Promise<Process> => {
    const test = createTestEngine(definitions, {
      ...{ sessionRecords, events },
      ...(clock === undefined ? {} : { clock }),
      server: { sessions: { idleMs: 60_000, max: 10, maxPerPrincipal: 5 } },
    })
    const server = await serveEngine(test)
    served.push(server)
    return { ...test, server, port: server.port }
  }
  return [await start(), await start()] as const
}

/** The same client, coming to another process with its session. */
function clientAt(port: number, sessionId: string, token = 'ann') {
  const headers = {
    authorization: `Bearer ${token}`,
    'mcp-session-id': sessionId,
    'mcp-protocol-version': '2025-11-25',
  }
  const post = (message: object): Promise<RawAnswer> =>
    send(port, { headers, body: JSON.stringify({ jsonrpc: '2.0', ...message }) })
  return {
    post,
    request: (method: string, params: object = {}, id: unknown = 1) => post({ id, method, params }),
    listen: (more: object = {}) => openStream(port, { method: 'GET', headers: { ...headers, ...more } }),
    end: () => send(port, { method: 'DELETE', headers }),
  }
}

const call = (name: string, input: object = {}) => ['tools/call', { name, arguments: input }] as const

describe('a session that one process opened', () => {
  it('goes on in another, with what the client said of itself and set', async () => {
    const [a, b] = await startTwo()
    const { sessionId } = await openLegacy(a.port)
    const atA = clientAt(a.port, sessionId)
    const atB = clientAt(b.port, sessionId)
    await atA.request('logging/setLevel', { level: 'debug' })
    const answer = await atB.request(...call('announce', { uri: 'db://a' }))
    expect(answer.messages.map(({ method }) => method)).toEqual(['notifications/message', undefined])
    expect(answer.json.result.content[0].text).toBe('announced for raw')
    await atB.request('logging/setLevel', { level: 'error' })
    expect((await atA.request(...call('announce', { uri: 'db://a' }))).messages).toEqual([])
  })

  it('hears in another of what it subscribed to in the first, before and after it came there', async () => {
    const [a, b] = await startTwo()
    const { sessionId } = await openLegacy(a.port)
    const atA = clientAt(a.port, sessionId)
    const atB = clientAt(b.port, sessionId)
    await atA.request('resources/subscribe', { uri: 'db://a' })
    const stream = await atB.listen()
    await atA.request('resources/subscribe', { uri: 'db://b' })
    for (const uri of ['db://a', 'db://b', 'db://c']) a.engine.notifier.resourceUpdated(uri)
    await atA.request('resources/unsubscribe', { uri: 'db://a' })
    b.engine.notifier.resourceUpdated('db://a')
    b.engine.notifier.resourceUpdated('db://b')
    const heard = await stream.messages(3)
    expect(heard.map(({ params }) => params.uri)).toEqual(['db://a', 'db://b', 'db://b'])
    stream.leave()
  })

  it('keeps both of two subscriptions that are made at once in two processes', async () => {
    const [a, b] = await startTwo(slow(createMemorySessionRecords()))
    const { sessionId } = await openLegacy(a.port)
    const clients = [clientAt(a.port, sessionId), clientAt(b.port, sessionId)]
    await Promise.all(clients.map((client) => client.request('ping')))
    const uris = ['db://a', 'db://b']
    await Promise.all(clients.map((client, at) => client.request('resources/subscribe', { uri: uris[at] })))
    const stream = await clientAt(b.port, sessionId).listen()
    for (const uri of uris) b.engine.notifier.resourceUpdated(uri)
    expect((await stream.messages(2)).map(({ params }) => params.uri)).toEqual(uris)
    stream.leave()
  })

  it('is listened to in one process at a time, so that nothing is told twice', async () => {
    const [a, b] = await startTwo()
    const { sessionId } = await openLegacy(a.port)
    const first = await clientAt(a.port, sessionId).listen()
    const second = await clientAt(b.port, sessionId).listen()
    await first.ended
    a.engine.notifier.toolsChanged()
    expect((await second.messages(1))[0].method).toBe('notifications/tools/list_changed')
    expect(first.text()).not.toContain('list_changed')
    second.leave()
  })

  it('is unknown to every other principal, in every process', async () => {
    const [a, b] = await startTwo()
    const { sessionId } = await openLegacy(a.port)
    const invented = 'x'.repeat(43)
    for (const [port, id] of [
      [a.port, sessionId],
      [b.port, sessionId],
      [b.port, invented],
      [b.port, '../../etc/passwd'],
    ] as const) {
      const thief = clientAt(port, id, 'bob')
      const answers = [await thief.request('ping'), await thief.end()]
      expect(answers.map(({ status }) => status)).toEqual([404, 404])
      expect(answers[0]?.json.error.message).toMatch(/^The session is unknown or has ended\./)
    }
    expect((await clientAt(b.port, sessionId).request('ping')).status).toBe(200)
  })

  it('has ended everywhere when it was ended anywhere, with its stream', async () => {
    const [a, b] = await startTwo()
    const { sessionId } = await openLegacy(a.port)
    const atA = clientAt(a.port, sessionId)
    const stream = await atA.listen()
    expect((await clientAt(b.port, sessionId).end()).status).toBe(204)
    await stream.ended
    expect((await atA.request('ping')).status).toBe(404)
    expect((await clientAt(b.port, sessionId).request('ping')).status).toBe(404)
  })

  it('has ended everywhere by the next sweep when the news of its end was lost', async () => {
    let now = 1_000
    const records = createMemorySessionRecords()
    const [a, b] = await startTwo({ ...records, watch: () => () => {} }, () => now)
    const { sessionId } = await openLegacy(a.port)
    await clientAt(b.port, sessionId).end()
    now += 1
    expect((await clientAt(a.port, sessionId).request('ping')).status).toBe(200)
    await a.server.edge.sessions.sweep()
    expect((await clientAt(a.port, sessionId).request('ping')).status).toBe(404)
  })

  it('lasts as long as it is used in any of them, and then ends in all', async () => {
    let now = 0
    const [a, b] = await startTwo(createMemorySessionRecords(), () => now)
    const sweep = async () => {
      for (const { server } of [a, b]) await server.edge.sessions.sweep()
    }
    const { sessionId } = await openLegacy(a.port)
    const status = async ({ port }: Process) => (await clientAt(port, sessionId).request('ping')).status
    for (const at of [50_000, 100_000, 150_000]) {
      now = at
      expect(await status(b)).toBe(200)
      await sweep()
    }
    expect([a.server.edge.sessions.size, b.server.edge.sessions.size]).toEqual([0, 1])
    expect(await status(a)).toBe(200)
    now = 209_999
    await sweep()
    expect(await status(a)).toBe(200)
    now = 269_999
    await sweep()
    expect([await status(a), await status(b)]).toEqual([404, 404])
  })

  it('is not written to by every request', async () => {
    let now = 0
    const records = createMemorySessionRecords()
    let writes = 0
    const counted: SessionRecords = {
      ...records,
      touch: (id, expiresAt) => {
        writes += 1
        return records.touch(id, expiresAt)
      },
    }
    const [a] = await startTwo(counted, () => now)
    const { sessionId } = await openLegacy(a.port)
    for (now = 1; now <= 20_000; now += 1_000) await clientAt(a.port, sessionId).request('ping')
    expect(writes).toBe(0)
    await a.server.edge.sessions.sweep()
    await a.server.edge.sessions.sweep()
    expect(writes).toBe(1)
  })
})

describe('what stays with the process where it is', () => {
  it('is a question: an answer that comes elsewhere is refused in words that say so, and counts where it was asked', async () => {
    const [a, b] = await startTwo()
    const { sessionId } = await openLegacy(a.port, { capabilities: { elicitation: {} } })
    const headers = { 'mcp-session-id': sessionId }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'greet' } })
    const stream = await openStream(a.port, { headers, body })
    const [question] = await stream.messages(1)
    const reply = { id: question.id, result: { action: 'accept', content: { name: 'Ada' } } }
    const refused = await clientAt(b.port, sessionId).post(reply)
    expect([refused.status, refused.json.error.data.code]).toEqual([400, 'BAD_REQUEST'])
    expect(refused.json.error.message).toMatch(/^The question that this answers was not asked here\./)
    expect((await clientAt(a.port, sessionId).post(reply)).status).toBe(202)
    expect((await stream.messages(2))[1].result.content[0].text).toBe('Hello, Ada')
  })

  it('is a stream that was lost: elsewhere its id opens a new one, which has nothing of it', async () => {
    const [a, b] = await startTwo()
    const { sessionId } = await openLegacy(a.port)
    const lost = await clientAt(a.port, sessionId).request(...call('stepwise'))
    const last = lost.text
      .match(/id: \S+/g)
      ?.at(-1)
      ?.slice(4)
    const elsewhere = await clientAt(b.port, sessionId).listen({ 'last-event-id': last })
    b.engine.notifier.toolsChanged()
    expect((await elsewhere.messages(1))[0].method).toBe('notifications/tools/list_changed')
    const rest = await clientAt(a.port, sessionId).listen({ 'last-event-id': last })
    expect((await rest.messages(1))[0].result.content[0].text).toBe('two')
    elsewhere.leave()
  })
})

describe('records that cannot be reached', () => {
  it('stop no session that is served here, and end none: it is a failure, not an unknown session', async () => {
    const records = createMemorySessionRecords()
    let isDown = false
    const reach = <T>(work: () => T): T => {
      if (isDown) throw new Error('connection refused to 10.0.0.7')
      return work()
    }
    const [a, b] = await startTwo({
      ...records,
      find: (id) => reach(() => records.find(id)),
      touch: (id, at) => reach(() => records.touch(id, at)),
    })
    const { sessionId } = await openLegacy(a.port)
    isDown = true
    expect((await clientAt(a.port, sessionId).request('ping')).status).toBe(200)
    const elsewhere = await clientAt(b.port, sessionId).request('ping')
    expect([elsewhere.json.error.data.code, elsewhere.text.includes('10.0.0.7')]).toEqual(['INTERNAL', false])
    isDown = false
    expect((await clientAt(b.port, sessionId).request('ping')).status).toBe(200)
  })
})

/** Answers each question a turn of the event loop later, as a store over a network does. */
function slow(records: SessionRecords): SessionRecords {
  const later = <T>(act: () => T): Promise<Awaited<T>> =>
    new Promise((resolve, reject) => setImmediate(() => Promise.resolve(act()).then(resolve as never, reject)))
  return {
    add: (record) => later(() => records.add(record)),
    find: (id) => later(() => records.find(id)),
    replace: (record) => later(() => records.replace(record)),
    touch: (id, at) => later(() => records.touch(id, at)),
    remove: (id) => later(() => records.remove(id)),
    removeExpired: (now) => later(() => records.removeExpired(now)),
    watch: (listener) => records.watch((id) => setImmediate(listener, id)),
  }
}
