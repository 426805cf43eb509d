import assert from 'node:assert/strict'
import { ERRORS } from '../../../../src/error-table.ts'
import { BOTH, MODERN, onBoth, type RawCheck } from '../check.ts'
import type { Talk } from '../talk.ts'

/** Requests that fail, each in a way of its own. */
const FAILING: readonly (readonly [string, Record<string, unknown>])[] = [
  ['nothing/here', {}],
  ['ping', {}],
  ['tools/call', { name: 'nobody' }],
  ['tools/call', {}],
  ['tools/list', { cursor: 'x' }],
  ['resources/read', { uri: 'note://nobody' }],
  ['prompts/get', { name: 'greet' }],
  ['completion/complete', {}],
  ['subscriptions/listen', {}],
  ['tools/call', { name: 'ask_name' }],
  ['tools/call', { name: 'ask_page' }],
  ['tools/call', { name: 'ask_name', requestState: 'x' }],
]

async function codesOf(ask: Talk['modern']): Promise<number[]> {
  const codes: number[] = []
  for (const [method, params] of FAILING) {
    const { error } = await ask(method, params)
    if (error !== undefined) codes.push(error.code)
  }
  return codes
}

const STANDARD = new Set([-32700, -32600, -32601, -32602, -32603])
const ASSIGNED = new Map([
  [-32020, 'HEADER_MISMATCH'],
  [-32021, 'CLIENT_CAPABILITY_REQUIRED'],
  [-32022, 'UNSUPPORTED_PROTOCOL_VERSION'],
])

export const errors: readonly RawCheck[] = [
  {
    id: 'assigned-codes',
    requirement: '-32020, -32021 and -32022 have their assigned meanings, and nothing else is in -32020…-32099',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      ...onBoth(async ({ modern }) => {
        for (const code of await codesOf(modern))
          assert.ok(STANDARD.has(code) || ASSIGNED.has(code) || code > -32000, String(code))
        const { error } = await modern(
          'server/discover',
          {},
          { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' },
        )
        // Over HTTP the header, which still names a known version, is looked at first.
        assert.ok([-32022, -32020].includes(error.code))
        if (error.code === -32022) assert.equal(error.data.requested, '2099-01-01')
      }),
      definition: async () => {
        for (const [code, { jsonRpc = 0 }] of Object.entries(ERRORS)) {
          if (jsonRpc <= -32020 && jsonRpc >= -32099) assert.equal(ASSIGNED.get(jsonRpc), code)
        }
      },
    },
  },
  {
    id: 'own-codes',
    requirement:
      'Own codes lie outside -32768…-32000, nothing new uses -32000…-32019, and -32002 and -32042 are not sent in 2026-07-28',
    level: 'MUST NOT',
    revisions: MODERN,
    tests: {
      ...onBoth(async ({ modern }) => {
        for (const code of await codesOf(modern))
          assert.ok(!(code <= -32000 && code >= -32019) && code !== -32042, String(code))
      }),
      definition: async () => {
        for (const { jsonRpc = 0 } of Object.values(ERRORS)) {
          const isReserved = jsonRpc <= -32000 && jsonRpc >= -32768
          assert.ok(!isReserved || STANDARD.has(jsonRpc) || ASSIGNED.has(jsonRpc), String(jsonRpc))
        }
      },
    },
  },
  {
    id: 'meta-keys',
    requirement:
      'Own `_meta` keys have a reverse-DNS prefix that is not reserved; unknown keys of the client are tolerated',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ eras }) => {
      for (const [revision, ask] of eras) {
        const meta = { 'com.example/key': { deep: [1] }, 'example.mcp/x': 1, bare: null, '': 'empty' }
        for (const name of ['who', 'leak', 'add', 'wrong_output']) {
          const { result } = await ask('tools/call', { name, arguments: {} }, meta)
          for (const key of Object.keys(result._meta ?? {})) {
            if (key.startsWith('io.modelcontextprotocol/')) continue
            assert.match(key, /^[a-z]+\.[a-z.]+\/[\w.-]+$/, `${revision} ${name}`)
            assert.doesNotMatch(key, /^[a-z]+\.(mcp|modelcontextprotocol)[./]/)
          }
        }
        const { result } = await ask('tools/call', { name: 'who' }, meta)
        assert.equal(JSON.parse(result.content[0].text).meta['com.example/key'].deep[0], 1)
      }
    }),
  },
  {
    id: 'trace-context-tolerated',
    requirement: '`traceparent`, `tracestate` and `baggage` are taken as bare keys, malformed ones too',
    level: 'MUST',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
      for (const traceparent of [good, 'nonsense', '', 7, null, good.repeat(100)])
        assert.ok(
          (await modern('tools/call', { name: 'who' }, { traceparent, tracestate: 'a=1', baggage: '%' })).result,
        )
    }),
  },
  {
    id: 'client-info-decides-nothing',
    requirement: '`clientInfo` is never a ground for a decision: what is served is the same with any or none',
    level: 'SHOULD NOT',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      const listed = async (info: unknown): Promise<string> =>
        JSON.stringify((await modern('tools/list', {}, { 'io.modelcontextprotocol/clientInfo': info })).result.tools)
      const plain = await listed(undefined)
      for (const info of [
        { name: 'toolgate', version: '1' },
        { name: 'admin', version: '0', title: 'root' },
      ])
        assert.equal(await listed(info), plain)
    }),
  },
  {
    id: 'server-info',
    requirement: 'Every result says which server answered and what kind of result it is',
    level: 'MUST',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      for (const [method, params] of [
        ['server/discover', {}],
        ['tools/list', {}],
        ['tools/call', { name: 'who' }],
        ['tools/call', { name: 'leak' }],
        ['resources/read', { uri: 'note://a' }],
        ['prompts/get', { name: 'greet', arguments: { name: 'Ann' } }],
        ['completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'name', value: '' } }],
      ] as const) {
        const { result } = await modern(method, params)
        assert.equal(result.resultType, 'complete', method)
        assert.deepEqual(result._meta['io.modelcontextprotocol/serverInfo'], { name: 'test', version: '1.2.3' })
      }
    }),
  },
  {
    id: 'envelope',
    requirement: 'An envelope that lacks its version or capabilities is -32602; one without `clientInfo` is served',
    level: 'MUST',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      for (const [key, wrong] of [
        ['clientCapabilities', undefined],
        ['clientCapabilities', []],
        ['clientCapabilities', 'all'],
        ['clientInfo', 'raw'],
        ['logLevel', 'loud'],
      ] as const)
        assert.equal(
          (await modern('tools/list', {}, { [`io.modelcontextprotocol/${key}`]: wrong })).error?.code,
          -32602,
          key,
        )
      assert.ok((await modern('tools/list', {}, { 'io.modelcontextprotocol/clientInfo': undefined })).result)
    }),
  },
]
