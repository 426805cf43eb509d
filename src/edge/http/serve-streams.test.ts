import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestEngine, holder, serveEngine, type TestServer } from '../../../test/fixtures/engine.ts'
import { modernRequest, openLegacy, openStream, send, sendModern } from '../../../test/fixtures/http-client.ts'
import { definePrompt, defineResource, defineTool } from '../../capabilities/definition.ts'
import { acceptedContent, elicit, inputRequired } from '../../capabilities/input-required.ts'
import { LEGACY_VERSIONS } from '../protocol/versions.ts'

const cancelled = new Set<string>()
const started = new Map<string, () => void>()
const hang = defineTool({
  name: 'hang',
  input: z.object({ key: z.string() }),
  run: ({ key }, { signal, log }) =>
    new Promise(() => {
      log('info', 'started')
      started.get(key)?.()
      signal.addEventListener('abort', () => cancelled.add(key))
    }),
})
const confirm = defineTool({
  name: 'confirm',
  run: (_input, { inputs, state }) => {
    const name = acceptedContent(inputs.who)?.name
    if (name === undefined) {
      const schema = { type: 'object', properties: { name: { type: 'string' } } }
      return inputRequired({ requests: { who: elicit('Who are you?', schema) }, state: { asked: 1 } })
    }
    return `Hello, ${String(name)} (${JSON.stringify(state)})`
  },
})
const stepwise = defineTool({
  name: 'stepwise',
  run: async (_input, context) => {
    context.log('info', 'one')
    context.closeStream()
    context.log('info', 'two')
    return 'three'
  },
})
const announce = defineTool({
  name: 'announce',
  input: z.object({ uri: z.string().optional() }),
  run: ({ uri }, { notify }) => {
    if (uri === undefined) notify.toolsChanged()
    else notify.resourceUpdated(uri)
    return 'announced'
  },
})
const open = defineResource({ name: 'open', uri: 'db://open', read: () => 'open' })
const secret = defineResource({ name: 'secret', uri: 'db://secret', read: () => 'secret' })
const prompt = definePrompt({ name: 'ask', run: () => 'ask' })

const everything = { scopes: [], allow: [{ name: '*' }], deny: [] }
const test = createTestEngine([hang, confirm, stepwise, announce, open, secret, prompt], {
  roles: { user: { ...everything, deny: [{ name: 'db://secret' }] }, admin: everything },
  server: { maxStreamsPerPrincipal: 3, sessions: { idleMs: 1_800_000, max: 50, maxPerPrincipal: 5 } },
})
let server: TestServer
beforeAll(async () => {
  server = await serveEngine(test, [holder('ann', 'user'), holder('bob', 'user'), holder('root', 'admin')])
})
afterAll(() => server.close())

const listen = (notifications: object, token = 'ann', id: unknown = 'sub') =>
  openStream(server.port, modernRequest('subscriptions/listen', { notifications }, id, token))

describe('a subscription', () => {
  it('is acknowledged first, tagged with its id, and told only what it asked for', async () => {
    const stream = await listen({ toolsListChanged: true }, 'ann', 41)
    await sendModern(server.port, 'tools/call', { name: 'announce', arguments: { uri: 'db://open' } })
    await sendModern(server.port, 'tools/call', { name: 'announce', arguments: {} })
    const tag = { 'io.modelcontextprotocol/subscriptionId': 41 }
    expect(await stream.messages(2)).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { toolsListChanged: true }, _meta: tag },
      },
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: tag } },
    ])
    stream.leave()
  })

  it('hears of a resource only if its principal may read it', async () => {
    const wanted = { resourceSubscriptions: ['db://open', 'db://secret'] }
    const [ann, root] = await Promise.all([listen(wanted, 'ann'), listen(wanted, 'root')])
    for (const uri of ['db://secret', 'db://open']) {
      await sendModern(server.port, 'tools/call', { name: 'announce', arguments: { uri } })
    }
    expect((await ann.messages(2))[1].params.uri).toBe('db://open')
    expect((await root.messages(3)).slice(1).map(({ params }) => params.uri)).toEqual(['db://secret', 'db://open'])
    ann.leave()
    root.leave()
  })

  it('of nothing that is offered ends at once', async () => {
    const answer = await send(server.port, modernRequest('subscriptions/listen', { notifications: {} }))
    expect(answer.messages.map(({ method, id }) => method ?? id)).toEqual([
      'notifications/subscriptions/acknowledged',
      1,
    ])
  })

  it('without a filter is refused', async () => {
    expect((await sendModern(server.port, 'subscriptions/listen')).json.error.code).toBe(-32602)
    expect(
      (await sendModern(server.port, 'subscriptions/listen', { notifications: { resourceSubscriptions: [1] } })).json
        .error.code,
    ).toBe(-32602)
  })

  it('counts against its principal’s streams, and no more once the client has left', async () => {
    const streams = await Promise.all([1, 2, 3].map((id) => listen({ toolsListChanged: true }, 'bob', id)))
    const refused = await send(
      server.port,
      modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }, 4, 'bob'),
    )
    expect([refused.status, refused.json.error.data.code]).toEqual([503, 'TOO_MANY_SESSIONS'])
    for (const stream of streams) stream.leave()
    await expect
      .poll(async () => {
        const stream = await listen({ toolsListChanged: true }, 'bob', 5)
        stream.leave()
        return stream.status
      })
      .toBe(200)
  })
})

describe('a client that leaves', () => {
  it('cancels its modern call; nothing more is sent', async () => {
    const meta = { 'io.modelcontextprotocol/logLevel': 'info' }
    const stream = await openStream(
      server.port,
      modernRequest('tools/call', { name: 'hang', arguments: { key: 'left' }, _meta: meta }),
    )
    await stream.messages(1)
    stream.leave()
    await expect.poll(() => cancelled.has('left')).toBe(true)
    await expect
      .poll(() => test.records.some(({ name, status }) => name === 'hang' && status === 'cancelled'))
      .toBe(true)
  })

  it('cancels a legacy call only by saying so, and then gets no answer', async () => {
    const client = await openLegacy(server.port)
    const headers = { 'mcp-session-id': client.sessionId }
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 9,
      method: 'tools/call',
      params: { name: 'hang', arguments: { key: 'said' } },
    })
    const stream = await openStream(server.port, { headers, body })
    await stream.messages(1)
    await client.post({ method: 'notifications/cancelled', params: { requestId: 8 } })
    expect(cancelled.has('said')).toBe(false)
    await client.post({ method: 'notifications/cancelled', params: { requestId: 9 } })
    await stream.ended
    expect(cancelled.has('said')).toBe(true)
    expect(stream.text()).not.toContain('"result"')
  })
})

describe('a tool that asks', () => {
  it('is one handler for both eras: the modern client is told what is missing and calls again', async () => {
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
    const call = (more: object) => sendModern(server.port, 'tools/call', { name: 'confirm', ...more }, { meta })
    const { result } = (await call({})).json
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { who: { method: 'elicitation/create' } },
    })
    const answers = { who: { action: 'accept', content: { name: 'Ada' } } }
    const again = await call({ inputResponses: answers, requestState: result.requestState })
    expect(again.json.result.content[0].text).toBe('Hello, Ada ({"asked":1})')
  })

  it('takes back a state for the same caller and call alone, unchanged and in time', async () => {
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
    const call = (more: object, headers = {}) =>
      sendModern(server.port, 'tools/call', { name: 'confirm', ...more }, { meta, headers })
    const { requestState } = (await call({})).json.result
    for (const bad of [`${requestState}x`, requestState.slice(0, -2), '', 5, null, `${requestState}=`]) {
      expect((await call({ requestState: bad })).json.error?.code).toBe(-32602)
    }
    expect((await call({ requestState }, { authorization: 'Bearer bob' })).json.error.code).toBe(-32602)
    const other = await sendModern(
      server.port,
      'tools/call',
      { name: 'announce', arguments: {}, requestState },
      { meta },
    )
    expect(other.json.error.code).toBe(-32602)
    expect((await call({ requestState, inputResponses: 5 })).json.error.code).toBe(-32602)
    expect((await call({ requestState, inputResponses: { who: 5 } })).json.error.code).toBe(-32602)
  })

  it('asks a modern client only what it can answer', async () => {
    const answer = await sendModern(server.port, 'tools/call', { name: 'confirm' })
    expect([answer.status, answer.json.error.code, answer.json.error.data.requiredCapabilities]).toEqual([
      400,
      -32021,
      { elicitation: { form: {} } },
    ])
  })

  it('asks a legacy client over its session', async () => {
    const client = await openLegacy(server.port, { capabilities: { elicitation: {} } })
    const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'confirm' } })
    const stream = await openStream(server.port, { headers: { 'mcp-session-id': client.sessionId }, body })
    const [question] = await stream.messages(1)
    expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'Who are you?' } })
    await client.post({ id: question.id, result: { action: 'accept', content: { name: 'Bob' } } })
    const [, answer] = await stream.messages(2)
    expect(answer.result.content[0].text).toBe('Hello, Bob ({"asked":1})')
    expect(
      test.records.filter(({ name, era }) => name === 'confirm' && era === 'legacy').map(({ status }) => status),
    ).toEqual(['input_required', 'ok'])
  })

  it('tells a legacy client that cannot be asked', async () => {
    const client = await openLegacy(server.port)
    const answer = await client.request('tools/call', { name: 'confirm' })
    expect(answer.json.result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('elicitation') }],
    })
  })

  it('takes an answer from the session it asked alone', async () => {
    const client = await openLegacy(server.port, { capabilities: { elicitation: {} } })
    const other = await openLegacy(server.port, { token: 'bob' })
    const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'confirm' } })
    const stream = await openStream(server.port, { headers: { 'mcp-session-id': client.sessionId }, body })
    const [question] = await stream.messages(1)
    await other.post({ id: question.id, result: { action: 'accept', content: { name: 'Mallory' } } })
    await client.post({ id: question.id, result: { action: 'decline' } })
    const [, next] = await stream.messages(2)
    expect(next.method).toBe('elicitation/create')
    stream.leave()
  })
})

describe('a large answer', () => {
  it('comes whole over a stream, however much waits for a moment', async () => {
    const large = defineTool({
      name: 'large',
      run: (_input, { log }) => {
        log('info', 'started')
        return 'x'.repeat(20_000_000)
      },
    })
    const served = await serveEngine(createTestEngine([large], { limits: { maxResultBytes: 30_000_000 } }))
    const meta = { 'io.modelcontextprotocol/logLevel': 'info' }
    const answer = await sendModern(served.port, 'tools/call', { name: 'large' }, { meta })
    expect(answer.messages.at(-1).result.content[0].text).toHaveLength(20_000_000)
    await served.close()
  })
})

describe('a stream that was lost', () => {
  it('goes on where the client left off, from its own session alone', async () => {
    const client = await openLegacy(server.port)
    const first = await client.request('tools/call', { name: 'stepwise' })
    expect(first.text).toMatch(/^id: (\S+)\nretry: \d+\ndata: \n\n/)
    expect(first.messages.map(({ params }) => params.data)).toEqual(['one'])
    const last = first.text
      .match(/id: (\S+)/g)
      ?.at(-1)
      ?.slice(4)
    const resume = (sessionId: string, token: string) =>
      openStream(server.port, {
        method: 'GET',
        headers: { 'mcp-session-id': sessionId, authorization: `Bearer ${token}`, 'last-event-id': last },
      })
    const thief = await openLegacy(server.port, { token: 'bob' })
    const nothing = await resume(thief.sessionId, 'bob')
    const rest = await resume(client.sessionId, 'ann')
    const [two, three] = await rest.messages(2)
    expect([two.params.data, three.result.content[0].text]).toEqual(['two', 'three'])
    await rest.ended
    expect(nothing.text()).not.toContain('three')
    nothing.leave()
  })

  it('is not numbered for revisions that have no such thing', async () => {
    const client = await openLegacy(server.port, { version: '2025-03-26' })
    const answer = await client.request('tools/call', { name: 'stepwise' })
    expect(answer.text).not.toContain('id: ')
    expect(answer.json.result.content[0].text).toBe('three')
  })
})

describe('the stream of a session', () => {
  it('carries what belongs to no request, to those who subscribed', async () => {
    const client = await openLegacy(server.port)
    await client.request('resources/subscribe', { uri: 'db://open' })
    expect((await client.request('resources/subscribe', { uri: 'db://secret' })).json.error.code).toBe(-32002)
    const stream = await openStream(server.port, { method: 'GET', headers: { 'mcp-session-id': client.sessionId } })
    for (const uri of ['db://secret', 'db://open']) {
      await sendModern(server.port, 'tools/call', { name: 'announce', arguments: { uri } })
    }
    await sendModern(server.port, 'tools/call', { name: 'announce', arguments: {} })
    expect((await stream.messages(2)).map(({ method, params }) => [method, params.uri])).toEqual([
      ['notifications/resources/updated', 'db://open'],
      ['notifications/tools/list_changed', undefined],
    ])
    await client.request('resources/unsubscribe', { uri: 'db://open' })
    stream.leave()
  })

  it.each(LEGACY_VERSIONS)(
    'is one at a time: in revision %s a newer one ends it and takes its place',
    async (version) => {
      const client = await openLegacy(server.port, { version, token: 'root' })
      const headers = {
        'mcp-session-id': client.sessionId,
        'mcp-protocol-version': version,
        authorization: 'Bearer root',
      }
      const [first, second] = [
        await openStream(server.port, { method: 'GET', headers }),
        await openStream(server.port, { method: 'GET', headers }),
      ]
      await first.ended
      test.engine.notifier.toolsChanged()
      expect((await second.messages(1))[0].method).toBe('notifications/tools/list_changed')
      expect(first.text()).not.toContain('list_changed')
      second.leave()
      await second.ended
    },
  )

  it('makes room for itself when one principal opens too many sessions', async () => {
    const sessions = []
    for (let count = 0; count < 6; count += 1) sessions.push(await openLegacy(server.port, { token: 'root' }))
    expect((await sessions[0]?.request('ping'))?.status).toBe(404)
    expect((await sessions[5]?.request('ping'))?.status).toBe(200)
  })
})

describe('a list', () => {
  it('shows what its caller may use and nothing else', async () => {
    const uris = async (token: string) =>
      (
        await sendModern(server.port, 'resources/list', {}, { headers: { authorization: `Bearer ${token}` } })
      ).json.result.resources.map(({ uri }: { uri: string }) => uri)
    expect(await uris('ann')).toEqual(['db://open'])
    expect(await uris('root')).toEqual(['db://open', 'db://secret'])
    const hidden = await sendModern(server.port, 'resources/read', { uri: 'db://secret' })
    const missing = await sendModern(server.port, 'resources/read', { uri: 'db://secreT' })
    const comparable = ({ json }: typeof hidden) =>
      JSON.stringify(json)
        .replaceAll(/"callId":"[^"]+"/g, '')
        .toLowerCase()
    expect(comparable(hidden)).toBe(comparable(missing))
    expect(hidden.json.error).toMatchObject({ code: -32602, data: { uri: 'db://secret' } })
  })
})

describe('a server that ends', () => {
  it('answers what runs, ends subscriptions with their result, and cancels what takes too long', async () => {
    const slow = defineTool({
      name: 'slow',
      run: async (_input, { log }) => {
        log('info', 'started')
        await new Promise((resolve) => setTimeout(resolve, 50))
        return 'slow but done'
      },
    })
    const ending = createTestEngine([slow, hang])
    const served = await serveEngine(ending)
    const meta = { 'io.modelcontextprotocol/logLevel': 'info' }
    const stream = (name: string, more: object = {}) =>
      openStream(served.port, modernRequest('tools/call', { name, ...more, _meta: meta }))
    const subscription = await openStream(
      served.port,
      modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }, 'sub'),
    )
    const session = await openLegacy(served.port)
    const listening = await openStream(served.port, { method: 'GET', headers: { 'mcp-session-id': session.sessionId } })
    const [done, hanging] = await Promise.all([stream('slow'), stream('hang', { arguments: { key: 'ending' } })])
    await Promise.all([done.messages(1), hanging.messages(1)])
    await served.edge.close(500)
    expect((await done.messages(2))[1].result.content[0].text).toBe('slow but done')
    expect((await subscription.messages(2))[1]).toMatchObject({ id: 'sub', result: { resultType: 'complete' } })
    await listening.ended
    await expect.poll(() => cancelled.has('ending')).toBe(true)
    await expect(send(served.port, {})).rejects.toThrow()
  })
})
