import assert from 'node:assert/strict'
import type { Wire } from '../../../fixtures/http-client.ts'
import { openLegacy, openStream, sendModern } from '../../../fixtures/http-client.ts'
import { LEGACY, MODERN, onBoth, type RawCheck } from '../check.ts'

const declares = (capabilities: Record<string, unknown>) => ({
  'io.modelcontextprotocol/clientCapabilities': capabilities,
})
const FORMS = declares({ elicitation: {} })
const ANSWER = { who: { action: 'accept', content: { name: 'Ann' } } }

interface Round {
  readonly name?: string
  readonly arguments?: Record<string, unknown>
  readonly token?: string
  readonly requestState?: unknown
}

async function answerWith(
  port: number,
  { name = 'ask_name', arguments: given = {}, token = 'ann', requestState }: Round,
): Promise<Wire> {
  const params = {
    name,
    arguments: given,
    inputResponses: ANSWER,
    ...(requestState === undefined ? {} : { requestState }),
  }
  return (await sendModern(port, 'tools/call', params, { meta: FORMS, headers: { authorization: `Bearer ${token}` } }))
    .json
}

async function stateOf(port: number, given: Record<string, unknown> = {}): Promise<string> {
  const { json } = await sendModern(port, 'tools/call', { name: 'ask_name', arguments: given }, { meta: FORMS })
  return json.result.requestState
}

export const rounds: readonly RawCheck[] = [
  {
    id: 'input-required-on-read',
    requirement: '`resources/read` may answer `input_required`, without cache hints, and then with the contents',
    level: 'MUST',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      const uri = 'note://question'
      const { result } = await modern('resources/read', { uri }, FORMS)
      assert.equal(result.resultType, 'input_required')
      assert.deepEqual([result.ttlMs, result.cacheScope, result.contents], [undefined, undefined, undefined])
      const read = (await modern('resources/read', { uri, inputResponses: ANSWER }, FORMS)).result
      assert.deepEqual([read.resultType, read.contents[0].text], ['complete', 'read by Ann'])
    }),
  },
  {
    id: 'input-required-nowhere-else',
    requirement:
      'Only tools/call, prompts/get and resources/read answer `input_required`; answers elsewhere are ignored',
    level: 'MUST',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      for (const method of ['server/discover', 'tools/list', 'resources/list', 'prompts/list'])
        assert.equal(
          (await modern(method, { inputResponses: ANSWER, requestState: 'x' }, FORMS)).result.resultType,
          'complete',
        )
    }),
  },
  {
    id: 'declared-modes-only',
    requirement:
      'A client is asked only in the ways it declared: `{}` is forms, URLs and tools for the model are separate',
    level: 'MUST NOT',
    revisions: MODERN,
    tests: {
      ...onBoth(async ({ modern }) => {
        const ask = async (name: string, capabilities: Record<string, unknown>) =>
          modern('tools/call', { name }, declares(capabilities))
        for (const [name, capabilities] of [
          ['ask_name', {}],
          ['ask_name', { sampling: {} }],
          ['ask_name', { elicitation: { url: {} } }],
          ['ask_page', { elicitation: {} }],
          ['ask_page', { elicitation: { form: {} } }],
          ['sample_with_tools', { sampling: {} }],
          ['sample_with_tools', { elicitation: {} }],
        ] as const) {
          const { error } = await ask(name, capabilities)
          assert.equal(error?.code, -32021, `${name} ${JSON.stringify(capabilities)}`)
          assert.equal(typeof error.data.requiredCapabilities, 'object')
        }
        for (const [name, capabilities] of [
          ['ask_name', { elicitation: {} }],
          ['ask_page', { elicitation: { url: {} } }],
          ['sample_with_tools', { sampling: { tools: {} } }],
        ] as const)
          assert.equal((await ask(name, capabilities)).result.resultType, 'input_required')
      }),
    },
  },
  {
    id: 'legacy-declared-only',
    requirement: 'A client of an older revision that declared nothing is asked nothing; the call fails with a sentence',
    level: 'MUST NOT',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { request } = await openLegacy(port)
        for (const name of ['ask_name', 'ask_page', 'sample_with_tools']) {
          const { json, messages } = await request('tools/call', { name })
          assert.equal(messages.length, 0)
          assert.equal(json.result.isError, true)
        }
      },
    },
  },
  {
    id: 'state-integrity',
    requirement: '`requestState` is integrity-protected: any change is refused with -32602',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const requestState = await stateOf(port)
        assert.equal((await answerWith(port, { requestState })).result.content[0].text, 'Hello, Ann!')
        const other = (letter: string | undefined): string => (letter === 'A' ? 'B' : 'A')
        for (let at = 0; at < requestState.length; at += 7) {
          const changed = requestState.slice(0, at) + other(requestState[at]) + requestState.slice(at + 1)
          assert.equal((await answerWith(port, { requestState: changed })).error?.code, -32602, `at ${at}`)
        }
        for (const changed of ['', 'x', `${requestState}A`, requestState.slice(1), 7, null, {}])
          assert.equal((await answerWith(port, { requestState: changed })).error?.code, -32602, String(changed))
      },
    },
  },
  {
    id: 'state-is-bound',
    requirement: '`requestState` is bound to the principal, to the method and its parameters, and expires',
    level: 'SHOULD',
    revisions: MODERN,
    tests: {
      http: async (server) => {
        const own = await server.another({})
        const requestState = await stateOf(own.port, { greeting: 'Hi' })
        const good: Round = { arguments: { greeting: 'Hi' }, requestState }
        for (const wrong of [
          { ...good, token: 'bob' },
          { ...good, name: 'ask_name_too' },
          { ...good, arguments: { greeting: 'Bye' } },
          { ...good, arguments: {} },
        ])
          assert.equal((await answerWith(own.port, wrong)).error?.code, -32602, JSON.stringify(wrong))
        assert.equal((await answerWith(own.port, good)).result.content[0].text, 'Hi, Ann!')
        own.later(599_000)
        assert.equal((await answerWith(own.port, good)).result.content[0].text, 'Hi, Ann!')
        own.later(2_000)
        assert.equal((await answerWith(own.port, good)).error.code, -32602)
      },
    },
  },
  {
    id: 'state-is-opaque',
    requirement: '`requestState` says nothing to the client that carries it',
    level: 'SHOULD',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const [one, two] = [await stateOf(port), await stateOf(port)]
        assert.notEqual(one, two)
        for (const text of [one, Buffer.from(one, 'base64url').toString('latin1')])
          assert.doesNotMatch(text, /asked|ann/)
      },
    },
  },
  {
    id: 'malformed-answers',
    requirement: 'A missing answer is asked for again, unknown keys are ignored, a malformed one is -32602',
    level: 'SHOULD',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      const call = (inputResponses: unknown) => modern('tools/call', { name: 'ask_name', inputResponses }, FORMS)
      for (const again of [{}, { other: { action: 'decline' } }, { who: { action: 'decline' } }])
        assert.equal((await call(again)).result?.resultType, 'input_required', JSON.stringify(again))
      for (const wrong of [[], 'text', 7, { who: 'Ann' }, { who: {} }, { who: { action: 'maybe' } }, { who: null }])
        assert.equal((await call(wrong)).error?.code, -32602, JSON.stringify(wrong))
    }),
  },
  {
    id: 'legacy-question',
    requirement:
      'A client of an older revision is asked mid-call, on the stream of that call; its answer ends the question',
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { post, sessionId } = await openLegacy(port, { capabilities: { elicitation: {} } })
        await post({ method: 'notifications/initialized' })
        const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'ask_name' } })
        const stream = await openStream(port, {
          headers: { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' },
          body,
        })
        const [question] = await stream.messages(1)
        assert.equal(question.method, 'elicitation/create')
        assert.equal((await post({ id: question.id, result: ANSWER.who })).status, 202)
        const [, answer] = await stream.messages(2)
        await stream.ended
        assert.deepEqual([answer.id, answer.result.content[0].text], [5, 'Hello, Ann!'])
      },
      stdio: async (client) => {
        const answered = client.legacy('tools/call', { name: 'ask_name' })
        const { id } = await client.find(({ method }) => method === 'elicitation/create')
        client.send({ id, result: ANSWER.who })
        assert.equal((await answered).result.content[0].text, 'Hello, Ann!')
      },
    },
  },
]
