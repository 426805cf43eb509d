import assert from 'node:assert/strict'
import type { Wire } from '../../../fixtures/http-client.ts'
import { openLegacy, openStream, send, sendModern } from '../../../fixtures/http-client.ts'
import { BOTH, LEGACY, MODERN, onBoth, type RawCheck } from '../check.ts'

type Ask = (method: string, params?: Record<string, unknown>) => Promise<Wire>

/** All pages of a list, one after the other. */
async function pagesOf(ask: Ask, method: string): Promise<Wire[]> {
  const pages: Wire[] = []
  let cursor: string | undefined
  do {
    const { result } = await ask(method, cursor === undefined ? {} : { cursor })
    pages.push(result)
    cursor = result.nextCursor
  } while (cursor !== undefined && pages.length < 50)
  return pages
}

const LISTS = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
}

export const offers: readonly RawCheck[] = [
  {
    id: 'capabilities-answer',
    requirement: 'Every capability that is declared has methods that answer',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      ...onBoth(async ({ modern, legacy }) => {
        const { capabilities } = (await modern('server/discover')).result
        for (const kind of ['completions', 'logging', 'prompts', 'resources', 'tools'])
          assert.ok(kind in capabilities, kind)
        for (const [method, list] of Object.entries(LISTS)) {
          assert.ok(Array.isArray((await modern(method)).result[list]), method)
          assert.ok(Array.isArray((await legacy(method)).result[list]), method)
        }
      }),
    },
  },
  {
    id: 'deterministic-lists',
    requirement: 'A list has the same order each time, and no item twice',
    level: 'SHOULD',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [revision, ask] of eras) {
        for (const [method, list] of Object.entries(LISTS)) {
          const [one, two] = [await pagesOf(ask, method), await pagesOf(ask, method)]
          const namesOf = (pages: Wire[]): string[] =>
            pages.flatMap((page) => page[list].map((item: Wire) => item.uri ?? item.name))
          assert.deepEqual(namesOf(one), namesOf(two), `${revision} ${method}`)
          assert.equal(new Set(namesOf(one)).size, namesOf(one).length)
        }
      }
    }),
  },
  {
    id: 'pagination',
    requirement: 'Cursors are opaque and lead through all pages; one that is changed or of another list is -32602',
    level: 'SHOULD',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [revision, ask] of eras) {
        const pages = await pagesOf(ask, 'tools/list')
        assert.ok(pages.length > 3, revision)
        assert.ok(pages.every(({ tools }) => tools.length <= 5))
        const cursor = String(pages[0].nextCursor)
        assert.doesNotMatch(Buffer.from(cursor, 'base64url').toString('latin1'), new RegExp(pages[0].tools.at(-1).name))
        const changed = `${cursor.startsWith('A') ? 'B' : 'A'}${cursor.slice(1)}`
        const wrong = ['', 'x', '2', `${cursor}x`, cursor.slice(0, -2), changed, 7, null, {}]
        for (const bad of wrong)
          assert.equal((await ask('tools/list', { cursor: bad })).error?.code, -32602, `${revision} ${bad}`)
        assert.equal((await ask('prompts/list', { cursor })).error?.code, -32602)
      }
    }),
  },
  {
    id: 'cursor-of-another',
    requirement: 'A cursor is good for the principal it was given to, and for no other',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const { nextCursor } = (await sendModern(port, 'tools/list')).json.result
        for (const [token, code] of [
          ['bob', -32602],
          ['gus', -32602],
          ['ann', undefined],
        ] as const) {
          const headers = { authorization: `Bearer ${token}` }
          assert.equal(
            (await sendModern(port, 'tools/list', { cursor: nextCursor }, { headers })).json.error?.code,
            code,
            token,
          )
        }
      },
    },
  },
  {
    id: 'one-cache-scope',
    requirement: 'All pages of a list have the same `cacheScope`, and one that depends on the caller is `private`',
    level: 'MUST',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      for (const method of Object.keys(LISTS)) {
        for (const { cacheScope, ttlMs } of await pagesOf(modern, method)) {
          assert.equal(cacheScope, 'private', method)
          assert.ok(Number.isInteger(ttlMs) && ttlMs >= 0)
        }
      }
      for (const [method, params] of [
        ['server/discover', {}],
        ['resources/read', { uri: 'note://a' }],
      ] as const)
        assert.equal((await modern(method, params)).result.cacheScope, 'private', method)
    }),
  },
  {
    id: 'unknown-tool',
    requirement: 'An unknown tool, a missing name or arguments that are no object are -32602',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [revision, ask] of eras) {
        for (const params of [
          { name: 'nobody' },
          { name: 'constructor' },
          { name: '' },
          {},
          { name: 7 },
          { name: 'echo', arguments: [] },
          { name: 'echo', arguments: 'text' },
        ])
          assert.equal((await ask('tools/call', params)).error?.code, -32602, `${revision} ${JSON.stringify(params)}`)
      }
    }),
  },
  {
    id: 'bad-arguments',
    requirement:
      'Arguments that the schema does not allow are a result with `isError` that names what is wrong (SEP-1303)',
    level: 'SHOULD',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [revision, ask] of eras) {
        for (const given of [{}, { a: '1', b: 2 }, { a: 1 }, { a: 1, b: 2, c: 3 }, { a: null, b: 2 }]) {
          const { result } = await ask('tools/call', { name: 'add', arguments: given })
          assert.equal(result?.isError, true, `${revision} ${JSON.stringify(given)}`)
          assert.equal(result.structuredContent, undefined)
        }
        const { result } = await ask('tools/call', { name: 'add', arguments: { a: 'one', b: 2 } })
        assert.match(result.content[0].text, /\ba\b/)
      }
    }),
  },
  {
    id: 'output-schema',
    requirement:
      'With an output schema the structured result conforms, with its text beside it; one that does not is an error',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [revision, ask] of eras) {
        const good = (await ask('tools/call', { name: 'add', arguments: { a: 1, b: 2 } })).result
        assert.deepEqual(good.structuredContent, { sum: 3 }, revision)
        assert.deepEqual(JSON.parse(good.content[0].text), { sum: 3 })
        const wrong = await ask('tools/call', { name: 'wrong_output' })
        assert.equal(wrong.result.isError, true)
        assert.equal(wrong.result.structuredContent, undefined)
        assert.doesNotMatch(JSON.stringify(wrong), /hunter2/)
      }
    }),
  },
  {
    id: 'content-kinds',
    requirement: '`resource_link` and annotations of content reach the client as they are',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [, ask] of eras) {
        assert.deepEqual((await ask('tools/call', { name: 'links' })).result.content, [
          { type: 'resource_link', uri: 'note://b', name: 'b', mimeType: 'text/plain', size: 5 },
          { type: 'text', text: 'for you', annotations: { audience: ['user'], priority: 0.5 } },
        ])
      }
    }),
  },
  {
    id: 'access-control',
    requirement:
      'Access is controlled: what a caller may not use is neither listed nor callable, and answers like what is not there',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const headers = { authorization: 'Bearer gus' }
        const as = async (method: string, params: Record<string, unknown> = {}) =>
          (await sendModern(port, method, params, { headers })).json
        const shapeOf = ({ error }: Wire, name: string): unknown => {
          const { callId: _, uri: __, ...data } = error.data
          return { ...error, message: error.message.replaceAll(name, 'NAME'), data }
        }
        for (const [method, params, hidden, missing] of [
          ['tools/call', (name: string) => ({ name, arguments: {} }), 'leak', 'nobody'],
          ['prompts/get', (name: string) => ({ name, arguments: {} }), 'hidden', 'nobody'],
          ['resources/read', (uri: string) => ({ uri }), 'note://b', 'note://z'],
          [
            'completion/complete',
            (name: string) => ({ ref: { type: 'ref/prompt', name }, argument: { name: 'code', value: '' } }),
            'hidden',
            'nobody',
          ],
        ] as const) {
          const [one, two] = [await as(method, params(hidden)), await as(method, params(missing))]
          assert.deepEqual(shapeOf(one, hidden), shapeOf(two, missing), method)
        }
        for (const [method, list] of Object.entries(LISTS))
          assert.doesNotMatch(JSON.stringify((await as(method)).result[list]), /leak|hidden|note:\/\/b|file:/, method)
      },
    },
  },
  {
    id: 'rate-limit',
    requirement: 'Tool calls, and completions, are rate limited',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async (server) => {
        const { port } = await server.another({ limits: { callsPerMinute: 1, burst: 2 } })
        const call = (token: string) =>
          sendModern(port, 'tools/call', { name: 'who' }, { headers: { authorization: `Bearer ${token}` } })
        for (const status of [200, 200, 429]) assert.equal((await call('ann')).status, status)
        assert.ok(Number((await call('ann')).headers['retry-after']) > 0)
        const params = { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'tone', value: '' } }
        assert.equal((await sendModern(port, 'completion/complete', params)).status, 429)
        assert.equal((await (await openLegacy(port)).request('tools/call', { name: 'who' })).status, 429)
        assert.equal((await call('bob')).status, 200)
      },
    },
  },
  {
    id: 'nothing-internal',
    requirement:
      'Outputs are sanitized: the text of an error inside never leaves, neither in a result nor in a log message',
    level: 'MUST NOT',
    revisions: BOTH,
    tests: {
      ...onBoth(async ({ eras }) => {
        for (const [, ask] of eras) {
          const answer = await ask('tools/call', { name: 'leak' })
          assert.equal(answer.result.isError, true)
          assert.doesNotMatch(JSON.stringify(answer), /hunter2|srv|secret\.ts|\bat .*:\d+/)
          const refused = await ask('tools/call', { name: 'refuse' })
          assert.deepEqual([refused.result.isError, refused.result.content[0].text], [true, 'There is no invoice 17.'])
        }
      }),
      http: async ({ port }) => {
        const meta = { 'io.modelcontextprotocol/logLevel': 'debug' }
        const { text, messages } = await sendModern(port, 'tools/call', { name: 'leak' }, { meta })
        assert.equal(messages[0].params.data, 'about to fail')
        assert.doesNotMatch(text, /hunter2|srv|secret\.ts|\bat .*:\d+/)
      },
    },
  },
  {
    id: 'unknown-resource',
    requirement: 'An unknown resource is -32602 with `data.uri` in 2026-07-28 and -32002 before, never empty contents',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ modern, legacy }) => {
      for (const uri of ['note://nobody', 'no uri at all', '', 'constructor']) {
        const { error } = await modern('resources/read', { uri })
        assert.equal(error.code, -32602, uri)
        if (uri !== '') assert.equal(error.data.uri, uri)
      }
      assert.equal((await legacy('resources/read', { uri: 'note://nobody' })).error.code, -32002)
    }),
  },
  {
    id: 'uri-traversal',
    requirement:
      'URIs are validated: a variable that stands for one path segment never carries a way out of its folder',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      const ways = [
        '..',
        '../secret',
        '%2e%2e',
        '%2e%2e%2fsecret',
        '..%2fsecret',
        'a/b',
        'a%2fb',
        'a%5c..%5cb',
        '%00',
        '.',
        'a%',
      ]
      for (const [revision, ask] of eras) {
        for (const way of ways) {
          for (const folder of ['docs', 'tree']) {
            const { result } = await ask('resources/read', { uri: `file:///${folder}/${way}` })
            if (result === undefined) continue
            const { name = '', path = '' } = JSON.parse(result.contents[0].text)
            assert.ok(!/[/\\]|^\.{1,2}$/.test(name) && !name.includes('\0'), `${revision} ${way}`)
            assert.ok(!path.split(/[/\\]/).includes('..'), `${revision} ${way}`)
          }
        }
      }
    }),
  },
  {
    id: 'prompt-errors',
    requirement: 'An unknown prompt, or one without a required argument, is -32602',
    level: 'SHOULD',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [revision, ask] of eras) {
        for (const params of [{ name: 'nobody' }, { name: 'greet' }, { name: 'greet', arguments: { name: 7 } }, {}])
          assert.equal((await ask('prompts/get', params)).error?.code, -32602, `${revision} ${JSON.stringify(params)}`)
        const { result } = await ask('prompts/get', { name: 'greet', arguments: { name: 'Ann' } })
        assert.deepEqual(result.messages, [{ role: 'user', content: { type: 'text', text: 'Greet Ann.' } }])
      }
    }),
  },
  {
    id: 'completion',
    requirement:
      'A completion has at most 100 values in the order of the completer, says if there are more; unknown references are -32602',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      const ref = { type: 'ref/prompt', name: 'greet' }
      for (const [revision, ask] of eras) {
        const { completion } = (await ask('completion/complete', { ref, argument: { name: 'name', value: '' } })).result
        assert.deepEqual(
          [completion.values.length, completion.values[2], completion.total, completion.hasMore],
          [100, 'value 2', 250, true],
        )
        const warm = await ask('completion/complete', { ref, argument: { name: 'tone', value: 'w' } })
        assert.deepEqual(warm.result.completion.values, ['warm'], revision)
        for (const params of [
          { ref: { type: 'ref/prompt', name: 'nobody' }, argument: { name: 'name', value: '' } },
          { ref: { type: 'ref/resource', uri: 'note://{nothing}' }, argument: { name: 'name', value: '' } },
          { ref: { type: 'ref/other', name: 'greet' }, argument: { name: 'name', value: '' } },
          { ref, argument: { name: 'nothing', value: '' } },
          { ref, argument: { name: 'name' } },
          { ref },
        ])
          assert.equal(
            (await ask('completion/complete', params)).error?.code,
            -32602,
            `${revision} ${JSON.stringify(params)}`,
          )
      }
    }),
  },
  {
    id: 'legacy-changes',
    requirement:
      'What is declared is announced: list changes, and updates of subscribed resources alone, until unsubscribed',
    level: 'SHOULD',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { request, sessionId } = await openLegacy(port)
        const headers = {
          'mcp-session-id': sessionId,
          'mcp-protocol-version': '2025-11-25',
          accept: 'text/event-stream',
        }
        const stream = await openStream(port, { method: 'GET', headers })
        const announce = (kind: string, uri?: string) =>
          request('tools/call', { name: 'announce', arguments: { kind, ...(uri === undefined ? {} : { uri }) } })
        assert.deepEqual((await request('resources/subscribe', { uri: 'note://a' })).json.result, {})
        await announce('updated', 'note://b')
        await announce('updated', 'note://a')
        await request('resources/unsubscribe', { uri: 'note://a' })
        await announce('updated', 'note://a')
        for (const kind of ['tools', 'prompts', 'resources']) await announce(kind)
        const messages = await stream.messages(4)
        stream.leave()
        assert.deepEqual(
          messages.map(({ method, params }) => [method, params.uri]),
          [
            ['notifications/resources/updated', 'note://a'],
            ['notifications/tools/list_changed', undefined],
            ['notifications/prompts/list_changed', undefined],
            ['notifications/resources/list_changed', undefined],
          ],
        )
        assert.equal((await request('resources/subscribe', { uri: 'note://nobody' })).json.error.code, -32002)
      },
      stdio: async (client) => {
        await client.legacy('resources/subscribe', { uri: 'note://b' })
        await client.legacy('tools/call', { name: 'announce', arguments: { kind: 'updated', uri: 'note://b' } })
        const { params } = await client.find(({ method }) => method === 'notifications/resources/updated')
        assert.equal(params.uri, 'note://b')
        await client.legacy('resources/unsubscribe', { uri: 'note://b' })
      },
    },
  },
  {
    id: 'not-served-not-declared',
    requirement: 'What is not offered is not declared, and its methods are -32601',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async (server) => {
        const other = await server.another({})
        other.test.use([])
        const { capabilities } = (await sendModern(other.port, 'server/discover')).json.result
        for (const kind of ['completions', 'prompts', 'resources']) assert.ok(!(kind in capabilities), kind)
        for (const method of ['resources/list', 'resources/templates/list', 'prompts/list'])
          assert.equal((await sendModern(other.port, method)).json.error.code, -32601, method)
        assert.deepEqual((await sendModern(other.port, 'tools/list')).json.result.tools, [])
        assert.equal((await send(other.port, { method: 'GET', headers: { accept: 'text/event-stream' } })).status, 400)
      },
    },
  },
]
