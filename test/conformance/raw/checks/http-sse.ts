import assert from 'node:assert/strict'
import { openStream, send, type Wire } from '../../../fixtures/http-client.ts'
import { OLDEST, type RawCheck } from '../check.ts'
import type { RawServer } from '../raw-server.ts'

/** A client of the two older paths, with what came on its stream. */
interface Pair {
  readonly path: string
  post(message: Record<string, unknown> | string, headers?: Record<string, string | undefined>): Promise<Wire>
  /** The message with this id, once it came. */
  answer(id: unknown): Promise<Wire>
  text(): string
  leave(): void
}

const withPair = (server: RawServer): Promise<RawServer> => server.another({ server: { compat: { sse: true } } })

const messagesIn = (text: string): Wire[] =>
  [...text.matchAll(/^event: message\n(?:id: .*\n)?data: (.*)\n$/gm)].map(([, data]) => JSON.parse(data as string))

async function openPair(port: number): Promise<Pair> {
  const stream = await openStream(port, { method: 'GET', path: '/sse', headers: { accept: 'text/event-stream' } })
  await stream.until((text) => text.includes('\n\n'))
  const path = /^event: endpoint\ndata: (\S+)\n\n/.exec(stream.text())?.[1]
  assert.ok(path !== undefined, stream.text())
  const post: Pair['post'] = (message, headers = {}) =>
    send(port, {
      path,
      headers,
      body: typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message }),
    })
  const answer: Pair['answer'] = async (id) => {
    await stream.until((text) => messagesIn(text).some((message) => message.id === id))
    return messagesIn(stream.text()).find((message) => message.id === id)
  }
  return { path, post, answer, text: stream.text, leave: stream.leave }
}

const opening = {
  id: 'open',
  method: 'initialize',
  params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'raw', version: '0' } },
}

export const httpSse: readonly RawCheck[] = [
  {
    id: 'pair-endpoint-first',
    requirement:
      'The first event of the stream is `endpoint`, with the path to post to; the session in it is unguessable',
    level: 'MUST',
    revisions: OLDEST,
    tests: {
      http: async (server) => {
        const { port } = await withPair(server)
        const [one, two] = [await openPair(port), await openPair(port)]
        assert.match(one.path, /^\/messages\?sessionId=[\w-]{43}$/)
        assert.notEqual(one.path, two.path)
        one.leave()
        two.leave()
      },
    },
  },
  {
    id: 'pair-answers-on-the-stream',
    requirement: 'A posted message is accepted with 202, and its answer is a `message` event of that stream alone',
    level: 'MUST',
    revisions: OLDEST,
    tests: {
      http: async (server) => {
        const { port } = await withPair(server)
        const [mine, other] = [await openPair(port), await openPair(port)]
        assert.equal((await mine.post(opening)).status, 202)
        assert.equal((await mine.answer('open')).result.protocolVersion, '2024-11-05')
        assert.equal((await mine.post({ method: 'notifications/initialized' })).status, 202)
        assert.equal(
          (await mine.post({ id: 7, method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } })).status,
          202,
        )
        assert.equal((await mine.answer(7)).result.content[0].text, 'x')
        assert.deepEqual(messagesIn(other.text()), [])
        mine.leave()
        other.leave()
      },
    },
  },
  {
    id: 'pair-guarded',
    requirement: 'Both paths check Host, Origin and credential; a session is good for the principal that opened it',
    level: 'MUST',
    revisions: OLDEST,
    tests: {
      http: async (server) => {
        const { port } = await withPair(server)
        const pair = await openPair(port)
        const ping = { id: 1, method: 'ping' }
        const tries: [Record<string, string | undefined>, number][] = [
          [{ origin: 'https://evil.example' }, 403],
          [{ host: 'evil.example' }, 403],
          [{ authorization: undefined }, 401],
          [{ authorization: 'Bearer nobody' }, 401],
        ]
        for (const [headers, status] of tries) {
          assert.equal((await pair.post(ping, headers)).status, status)
          assert.equal((await send(port, { method: 'GET', path: '/sse', headers })).status, status)
        }
        assert.equal((await pair.post(ping, { authorization: 'Bearer bob' })).status, 404)
        pair.leave()
      },
    },
  },
  {
    id: 'pair-survives-junk',
    requirement: 'What is no message is refused with 400, and the session goes on',
    level: 'SHOULD',
    revisions: OLDEST,
    tests: {
      http: async (server) => {
        const { port } = await withPair(server)
        const pair = await openPair(port)
        for (const junk of ['{', '[]', '17', '{"jsonrpc":"1.0","id":1,"method":"ping"}'])
          assert.equal((await pair.post(junk)).status, 400, junk)
        await pair.post({ id: 2, method: 'ping' })
        assert.deepEqual((await pair.answer(2)).result, {})
        pair.leave()
      },
    },
  },
  {
    id: 'pair-only-when-switched-on',
    requirement: 'Without the switch neither path is there',
    level: 'SHOULD',
    revisions: OLDEST,
    tests: {
      http: async ({ port }) => {
        assert.equal((await send(port, { method: 'GET', path: '/sse' })).status, 404)
        assert.equal((await send(port, { path: '/messages?sessionId=x', body: '{}' })).status, 404)
      },
    },
  },
]
