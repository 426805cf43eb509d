import assert from 'node:assert/strict'
import type { OpenStream, Wire } from '../../../fixtures/http-client.ts'
import { ENVELOPE, modernRequest, openLegacy, openStream, sendModern } from '../../../fixtures/http-client.ts'
import { BOTH, MODERN, type RawCheck } from '../check.ts'
import { startStdioClient } from '../stdio-client.ts'

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'

function listen(port: number, notifications: Record<string, unknown>, id: unknown, token = 'ann'): Promise<OpenStream> {
  return openStream(port, modernRequest('subscriptions/listen', { notifications }, id, token))
}

function announce(port: number, kind: string, uri?: string): Promise<unknown> {
  return sendModern(port, 'tools/call', {
    name: 'announce',
    arguments: { kind, ...(uri === undefined ? {} : { uri }) },
  })
}

const uriOf = ({ params }: Wire): string => params.uri

export const flow: readonly RawCheck[] = [
  {
    id: 'listen-only-what-was-asked',
    requirement: 'A subscription is acknowledged first and is told only what it asked for: updates of its URIs alone',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const stream = await listen(port, { resourceSubscriptions: ['note://a'], promptsListChanged: true }, 'sub-1')
        const [ack] = await stream.messages(1)
        assert.equal(ack.method, 'notifications/subscriptions/acknowledged')
        assert.deepEqual(ack.params.notifications, { promptsListChanged: true, resourceSubscriptions: ['note://a'] })
        for (const [kind, uri] of [
          ['tools'],
          ['resources'],
          ['updated', 'note://b'],
          ['updated', 'note://a'],
          ['prompts'],
        ] as const)
          await announce(port, kind, uri)
        const [, ...told] = await stream.messages(3)
        stream.leave()
        assert.deepEqual(
          told.map(({ method }) => method),
          ['notifications/resources/updated', 'notifications/prompts/list_changed'],
        )
        assert.equal(uriOf(told[0]), 'note://a')
        for (const { params } of [ack, ...told]) assert.equal(params._meta[SUBSCRIPTION], 'sub-1')
      },
      stdio: async (client) => {
        const id = client.nextId()
        client.send({
          id,
          method: 'subscriptions/listen',
          params: { notifications: { resourceSubscriptions: ['note://a'] }, _meta: ENVELOPE },
        })
        await client.find(({ params }) => params?._meta?.[SUBSCRIPTION] === id)
        await client.modern('tools/call', { name: 'announce', arguments: { kind: 'updated', uri: 'note://b' } })
        await client.modern('tools/call', { name: 'announce', arguments: { kind: 'updated', uri: 'note://a' } })
        const own = ({ method, params }: Wire): boolean =>
          method === 'notifications/resources/updated' && params._meta?.[SUBSCRIPTION] === id
        assert.equal(uriOf(await client.find(own)), 'note://a')
        client.send({ method: 'notifications/cancelled', params: { requestId: id } })
        await client.modern('tools/call', { name: 'announce', arguments: { kind: 'updated', uri: 'note://a' } })
        assert.equal(client.messages().filter(own).length, 1)
        assert.ok(!client.messages().some((message) => message.id === id))
      },
    },
  },
  {
    id: 'listen-as-the-caller',
    requirement: 'Nobody is told of a resource that he may not read',
    level: 'MUST NOT',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const stream = await listen(port, { resourceSubscriptions: ['note://a', 'note://b'] }, 1, 'gus')
        await stream.messages(1)
        for (const uri of ['note://b', 'note://a']) await announce(port, 'updated', uri)
        const [, told] = await stream.messages(2)
        stream.leave()
        assert.equal(uriOf(told), 'note://a')
      },
    },
  },
  {
    id: 'listen-several',
    requirement: 'Several subscriptions are independent; each message carries the id of its own, with its type',
    level: 'MAY',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const one = await listen(port, { toolsListChanged: true }, 7)
        const two = await listen(port, { toolsListChanged: true, promptsListChanged: true }, '7')
        await Promise.all([one.messages(1), two.messages(1)])
        await announce(port, 'tools')
        const [[, first], [, second]] = [await one.messages(2), await two.messages(2)]
        assert.deepEqual([first.params._meta[SUBSCRIPTION], second.params._meta[SUBSCRIPTION]], [7, '7'])
        one.leave()
        await one.ended
        await announce(port, 'prompts')
        assert.equal((await two.messages(3))[2].method, 'notifications/prompts/list_changed')
        two.leave()
      },
    },
  },
  {
    id: 'listen-ends-gracefully',
    requirement: 'When the server ends, a subscription ends with its result, which carries its id, and then closes',
    level: 'SHOULD',
    revisions: MODERN,
    tests: {
      http: async (server) => {
        const other = await server.another({})
        const stream = await listen(other.port, { toolsListChanged: true }, 'last')
        await stream.messages(1)
        other.test.engine.streams.close()
        const [, end] = await stream.messages(2)
        await stream.ended
        assert.deepEqual([end.id, end.result._meta[SUBSCRIPTION]], ['last', 'last'])
      },
      stdio: async () => {
        const own = startStdioClient()
        const params = { notifications: { toolsListChanged: true }, _meta: ENVELOPE }
        own.send({ id: 'last', method: 'subscriptions/listen', params })
        await own.find(({ method }) => method === 'notifications/subscriptions/acknowledged')
        await own.end()
        const end = own.messages().at(-1)
        assert.deepEqual([end.id, end.result._meta[SUBSCRIPTION]], ['last', 'last'])
      },
    },
  },
  {
    id: 'log-only-when-asked',
    requirement: 'Log messages are sent only with a `logLevel`, from that severity on; an unknown level is -32602',
    level: 'MUST NOT',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const params = { name: 'leak' }
        for (const [level, count] of [
          [undefined, 0],
          ['debug', 1],
          ['info', 1],
          ['warning', 0],
        ] as const) {
          const { messages } = await sendModern(port, 'tools/call', params, {
            meta: level === undefined ? {} : { [LOG_LEVEL]: level },
          })
          assert.equal(messages.filter(({ method }) => method === 'notifications/message').length, count, level)
        }
        for (const level of ['loud', 7, ''])
          assert.equal(
            (await sendModern(port, 'tools/call', params, { meta: { [LOG_LEVEL]: level } })).json.error.code,
            -32602,
          )
      },
    },
  },
  {
    id: 'progress',
    requirement: 'Progress is sent only with a token, strictly grows, never follows the answer, and is rate limited',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const { request } = await openLegacy(port)
        const modern = (name: string, meta: Record<string, unknown>) =>
          sendModern(port, 'tools/call', { name }, { meta })
        const legacy = (name: string, meta: Record<string, unknown>) => request('tools/call', { name, _meta: meta })
        for (const call of [modern, legacy]) {
          assert.equal((await call('uneven_progress', {})).messages.length, 0)
          for (const progressToken of ['token', 0]) {
            const { messages } = await call('uneven_progress', { progressToken })
            assert.deepEqual(
              messages.slice(0, -1).map(({ params }) => [params.progressToken, params.progress]),
              [
                [progressToken, 1],
                [progressToken, 2],
              ],
            )
            assert.ok('result' in messages.at(-1))
          }
          const { length } = (await call('flood', { progressToken: 1 })).messages
          assert.ok(length > 1 && length <= 51, String(length))
        }
      },
      stdio: async (client) => {
        const { id } = await client.modern('tools/call', { name: 'uneven_progress' }, { progressToken: 'stdio' })
        await client.modern('server/discover')
        const all = client.messages()
        const own = all.map(({ params }, at) => (params?.progressToken === 'stdio' ? at : -1)).filter((at) => at >= 0)
        assert.deepEqual(
          own.map((at) => all[at].params.progress),
          [1, 2],
        )
        assert.ok(own.every((at) => at < all.findIndex((message) => message.id === id)))
      },
    },
  },
  {
    id: 'cancellation',
    requirement: 'A cancelled request stops and gets no answer; an unknown or finished id is ignored',
    level: 'MUST NOT',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const { post, request } = await openLegacy(port)
        for (const requestId of ['unknown', 7, null, undefined])
          assert.equal((await post({ method: 'notifications/cancelled', params: { requestId } })).status, 202)
        const call = request('tools/call', { name: 'wait', arguments: { key: 'post' } }, {}, 'c-1')
        await request('tools/call', { name: 'echo', arguments: { text: 'the call has begun' } })
        await post({ method: 'notifications/cancelled', params: { requestId: 'c-1', reason: 'enough' } })
        const { messages, text } = await call
        assert.ok(!messages.some(({ id }) => id === 'c-1'), text)
        const late = await request('tools/call', { name: 'echo', arguments: { text: 'done' } }, {}, 'c-2')
        await post({ method: 'notifications/cancelled', params: { requestId: 'c-2' } })
        assert.equal(late.json.result.content[0].text, 'done')
      },
      stdio: async (client) => {
        await client.open()
        for (const requestId of ['unknown', 7, null])
          client.send({ method: 'notifications/cancelled', params: { requestId } })
        for (const [key, _meta] of [
          ['modern', { ...ENVELOPE, [LOG_LEVEL]: 'info' }],
          ['legacy', {}],
        ] as const) {
          const started = client.messages().length
          const [id, unbegun] = [client.nextId(), client.nextId()]
          const call = { method: 'tools/call', params: { name: 'wait', arguments: { key }, _meta } }
          client.send({ ...call, id: unbegun })
          client.send({ method: 'notifications/cancelled', params: { requestId: unbegun } })
          client.send({ ...call, id })
          await client.find(() =>
            client
              .messages()
              .slice(started)
              .some(({ params }) => params?.data === 'started'),
          )
          client.send({ method: 'notifications/cancelled', params: { requestId: id } })
          client.send({ method: 'notifications/cancelled', params: { requestId: id } })
          await client.modern('tools/call', { name: 'until_cancelled', arguments: { key } })
          assert.ok(!client.messages().some((message) => message.id === id || message.id === unbegun), key)
        }
      },
    },
  },
  {
    id: 'deadline',
    requirement: 'A call has a deadline, with a hard maximum however much progress it reports',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const { messages } = await sendModern(port, 'tools/call', { name: 'endless' }, { meta: { progressToken: 1 } })
        assert.ok(messages.length > 1)
        assert.equal(messages.at(-1).result.isError, true)
        assert.equal(messages.at(-1).result._meta['dev.toolgate/error'].code, 'TIMED_OUT')
      },
    },
  },
]
