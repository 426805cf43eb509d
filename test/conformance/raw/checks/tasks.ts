import assert from 'node:assert/strict'
import type { Wire } from '../../../fixtures/http-client.ts'
import { openLegacy, openStream, sendModern } from '../../../fixtures/http-client.ts'
import { BOTH, LEGACY, MODERN, onBoth, type RawCheck } from '../check.ts'

const EXTENSION = 'io.modelcontextprotocol/tasks'
const RELATED = 'io.modelcontextprotocol/related-task'
const KNOWS = {
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, extensions: { [EXTENSION]: {} } },
}
const UNKNOWN = '00000000-0000-4000-8000-000000000000'
const ANSWER = { action: 'accept', content: { name: 'Ann' } }

type Ask = (method: string, params?: Record<string, unknown>, meta?: Record<string, unknown>) => Promise<Wire>

const makeModern = async (modern: Ask, name: string, args = {}): Promise<Wire> =>
  (await modern('tools/call', { name, arguments: args }, KNOWS)).result

const makeCore = async (legacy: Ask, name: string, args = {}): Promise<Wire> =>
  (await legacy('tools/call', { name, arguments: args, task: {} })).result.task

/** Looks at a task until it stands so. */
async function reach(ask: Ask, taskId: string, status: string): Promise<Wire> {
  for (let look = 0; look < 2000; look += 1) {
    const { result } = await ask('tasks/get', { taskId }, KNOWS)
    if (result.status === status) return result
  }
  throw new Error(`the task does not come to ${status}`)
}

export const tasks: readonly RawCheck[] = [
  {
    id: 'task-handle',
    requirement: 'A task begins as `working`, with its id, times, lifetime and pace, and without a result',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ modern, legacy }) => {
      const handle = await makeModern(modern, 'task_endless')
      assert.deepEqual([handle.resultType, handle.status, handle.ttlMs], ['task', 'working', 3_600_000])
      const task = await makeCore(legacy, 'task_endless')
      assert.deepEqual([task.status, task.ttl, task.pollInterval], ['working', 3_600_000, 2000])
      for (const { createdAt, lastUpdatedAt, taskId, result } of [handle, task]) {
        for (const time of [createdAt, lastUpdatedAt]) assert.equal(new Date(time).toISOString(), time)
        assert.deepEqual([typeof taskId, result], ['string', undefined])
      }
    }),
  },
  {
    id: 'task-negotiation',
    requirement: 'A tool runs as a task only where client and tool agree: else it runs to its end, or is refused',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ modern, legacy }) => {
      const plain = { name: 'task_echo', arguments: { text: 'x' } }
      assert.equal((await modern('tools/call', plain)).result.content[0].text, 'x')
      assert.equal((await modern('tools/call', { name: 'task_only' })).error.code, -32021)
      assert.equal((await legacy('tools/call', plain)).result.content[0].text, 'x')
      assert.equal((await legacy('tools/call', { name: 'task_only' })).error.code, -32601)
      const forbidden = { name: 'echo', arguments: { text: 'x' }, task: {} }
      assert.equal((await legacy('tools/call', forbidden)).error.code, -32601)
      assert.equal((await modern('tools/call', forbidden, KNOWS)).result.content[0].text, 'x')
    }),
  },
  {
    id: 'task-result',
    requirement: '`tasks/result` answers what the call would have, and names the task in `_meta`',
    level: 'MUST',
    revisions: LEGACY,
    tests: onBoth(async ({ legacy }) => {
      const { taskId } = await makeCore(legacy, 'task_echo', { text: 'hello' })
      assert.deepEqual((await legacy('tasks/result', { taskId })).result, {
        content: [{ type: 'text', text: 'hello' }],
        _meta: { [RELATED]: { taskId } },
      })
      const refused = await makeCore(legacy, 'task_refuse')
      const { result } = await legacy('tasks/result', { taskId: refused.taskId })
      assert.deepEqual([result.isError, result.content[0].text], [true, 'There is no invoice 17.'])
      await reach(legacy, refused.taskId, 'failed')
    }),
  },
  {
    id: 'task-in-get',
    requirement: 'An ended task has its result in `tasks/get`; one whose result is an error has completed',
    level: 'MUST',
    revisions: MODERN,
    tests: onBoth(async ({ modern }) => {
      const done = await reach(modern, (await makeModern(modern, 'task_echo', { text: 'hello' })).taskId, 'completed')
      assert.deepEqual([done.resultType, done.result.content[0].text], ['complete', 'hello'])
      const refused = await reach(modern, (await makeModern(modern, 'task_refuse')).taskId, 'completed')
      assert.equal(refused.result.isError, true)
    }),
  },
  {
    id: 'task-input',
    requirement:
      'A task that asks is `input_required`; whoever waits for its result is asked, with the task in `_meta`',
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { post, request, sessionId } = await openLegacy(port, { capabilities: { elicitation: {} } })
        const ask: Ask = async (method, params) => (await request(method, params)).json
        const { taskId } = await makeCore(ask, 'task_ask')
        await reach(ask, taskId, 'input_required')
        const stream = await openStream(port, {
          headers: { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 'r', method: 'tasks/result', params: { taskId } }),
        })
        const [question] = await stream.messages(1)
        assert.deepEqual([question.method, question.params._meta], ['elicitation/create', { [RELATED]: { taskId } }])
        await post({ id: question.id, result: ANSWER })
        const [, answer] = await stream.messages(2)
        assert.deepEqual([answer.id, answer.result.content[0].text], ['r', 'Hello, Ann!'])
      },
      stdio: async (client) => {
        const { taskId } = await makeCore((method, params) => client.legacy(method, params), 'task_ask')
        const answered = client.legacy('tasks/result', { taskId })
        const { id } = await client.find(({ params }) => params?._meta?.[RELATED]?.taskId === taskId)
        client.send({ id, result: ANSWER })
        assert.equal((await answered).result.content[0].text, 'Hello, Ann!')
      },
    },
  },
  {
    id: 'task-cancel',
    requirement: 'A cancelled task is and stays `cancelled`; in 2025-11-25 cancelling an ended one is -32602',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ modern, legacy }) => {
      const { taskId } = await makeModern(modern, 'task_endless')
      assert.equal((await modern('tasks/cancel', { taskId }, KNOWS)).result.resultType, 'complete')
      await reach(modern, taskId, 'cancelled')
      const core = (await makeCore(legacy, 'task_endless')).taskId
      assert.equal((await legacy('tasks/cancel', { taskId: core })).result.status, 'cancelled')
      assert.equal((await legacy('tasks/cancel', { taskId: core })).error.code, -32602)
      assert.equal(typeof (await legacy('tasks/result', { taskId: core })).error.code, 'number')
      await reach(legacy, core, 'cancelled')
    }),
  },
  {
    id: 'task-list',
    requirement: 'Every task that can be looked at is listed, a page at a time; a cursor that is changed is -32602',
    level: 'MUST',
    revisions: LEGACY,
    tests: onBoth(async ({ legacy }) => {
      const made: string[] = []
      for (let each = 0; each < 6; each += 1) made.push((await makeCore(legacy, 'task_echo', { text: 'x' })).taskId)
      const listed: string[] = []
      let cursor: string | undefined
      do {
        const { result } = await legacy('tasks/list', cursor === undefined ? {} : { cursor })
        listed.push(...result.tasks.map((task: Wire) => task.taskId))
        if (result.nextCursor !== undefined)
          assert.equal((await legacy('tasks/list', { cursor: `${result.nextCursor}x` })).error.code, -32602)
        cursor = result.nextCursor
      } while (cursor !== undefined)
      for (const taskId of made) assert.ok(listed.includes(taskId), taskId)
      assert.equal(new Set(listed).size, listed.length)
    }),
  },
  {
    id: 'task-unknown',
    requirement: 'An unknown, missing or malformed `taskId` is -32602',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ modern, legacy }) => {
      for (const taskId of [UNKNOWN, 'x', '', undefined, 7, null, {}]) {
        for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
          assert.equal((await legacy(method, { taskId })).error.code, -32602, `${method} ${String(taskId)}`)
      }
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
        assert.equal((await modern(method, { taskId: UNKNOWN, inputResponses: {} }, KNOWS)).error.code, -32602)
    }),
  },
  {
    id: 'task-of-another',
    requirement: 'A task is bound to who made it; to everybody else it does not exist',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const ann = await openLegacy(port)
        const bob = await openLegacy(port, { token: 'bob' })
        const { taskId } = (await ann.request('tools/call', { name: 'task_endless', task: {} })).json.result.task
        for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
          const { message, code } = (await bob.request(method, { taskId })).json.error
          const none = (await bob.request(method, { taskId: UNKNOWN })).json.error
          assert.deepEqual([message, code], [none.message, none.code])
        }
        const headers = { authorization: 'Bearer bob' }
        for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
          const params = { taskId, inputResponses: {} }
          assert.equal((await sendModern(port, method, params, { meta: KNOWS, headers })).json.error.code, -32602)
        }
        assert.doesNotMatch((await bob.request('tasks/list')).text, new RegExp(taskId))
        assert.equal((await ann.request('tasks/get', { taskId })).json.result.status, 'working')
      },
    },
  },
  {
    id: 'task-expiry',
    requirement: 'A wanted lifetime may be overridden, the actual one is told, and after it the task may be gone',
    level: 'MAY',
    revisions: LEGACY,
    tests: {
      http: async (server) => {
        const own = await server.another({})
        const { request } = await openLegacy(own.port)
        const call = async (ttl: number): Promise<Wire> =>
          (await request('tools/call', { name: 'task_endless', task: { ttl } })).json.result.task
        assert.equal((await call(1e12)).ttl, 3_600_000)
        const { taskId, ttl } = await call(60_000)
        assert.equal(ttl, 60_000)
        own.later(60_000)
        assert.equal((await request('tasks/get', { taskId })).json.error.code, -32602)
      },
    },
  },
]
