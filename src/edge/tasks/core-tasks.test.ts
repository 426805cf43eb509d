import { expect, it } from 'vitest'
import { createTestEngine, holder, serveEngine, type TestEngineOptions } from '../../../test/fixtures/engine.ts'
import { openLegacy, openStream, sendModern } from '../../../test/fixtures/http-client.ts'
import { type Definition, defineTool } from '../../capabilities/definition.ts'
import { acceptedContent, elicit, inputRequired, listRoots } from '../../capabilities/input-required.ts'
import { UserError } from '../../errors.ts'
import { anonymousPrincipal } from '../../identity/known-principals.ts'
import { createMemoryTaskStore } from '../../storage/memory/task-store.ts'
import { connectInMemory, type MemoryClient, type MemoryError } from '../memory/connect-in-memory.ts'
import type { Task } from './task.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers as it likes
type Answer = any

const ann = holder('ann', 'user')
const bob = holder('bob', 'user')
const RELATED = 'io.modelcontextprotocol/related-task'
const FORM = { type: 'object', properties: { name: { type: 'string' } } }
const accept = (name: string): object => ({ action: 'accept', content: { name } })

/** A tool that works until the test lets it go. */
function job() {
  let end: (result: string) => void = () => {}
  const ended = new Promise<string>((resolve) => {
    end = resolve
  })
  const tool = defineTool({ name: 'job', task: 'optional', run: () => ended })
  return { tool, end: (result: string) => end(result) }
}

const plain = defineTool({ name: 'plain', run: () => 'plain' })
const must = defineTool({ name: 'must', task: 'required', run: async () => 'done' })
const sync = defineTool({ name: 'sync', task: 'optional', run: () => 'at once' })
const asker = defineTool({
  name: 'asker',
  task: 'optional',
  run: async (_input, { inputs }) => {
    if (inputs.who === undefined) return inputRequired({ requests: { who: elicit('Who?', FORM) } })
    return `for ${String(acceptedContent(inputs.who)?.name)}`
  },
})

function start(definitions: readonly Definition[], options: TestEngineOptions = {}) {
  const test = createTestEngine(definitions, options)
  const connect = (client: MemoryClient = {}, principal = ann) => {
    const peer = connectInMemory(test.engine, principal, {
      era: 'legacy',
      capabilities: { elicitation: {} },
      ...client,
    })
    const ask = (method: string, params: object = {}): Promise<Answer> => peer.request(method, { ...params })
    const call = async (name: string, task: unknown = {}, args: object = {}): Promise<Answer> =>
      (await ask('tools/call', { name, arguments: args, task })).task
    const result = (taskId: string): Promise<Answer> => ask('tasks/result', { taskId })
    return { peer, ask, call, result, get: (taskId: string): Promise<Answer> => ask('tasks/get', { taskId }) }
  }
  const reach = (id: string, status: string): Promise<Task> =>
    new Promise((resolve) => {
      const look = (): void => {
        const task = test.engine.tasks.find(id, ann.id)
        if (task?.status !== status) return
        stop()
        resolve(task)
      }
      const stop = test.engine.tasks.watch(id, look)
      look()
    })
  return { ...test, ...connect(), connect, reach }
}

const failureOf = (promise: Promise<unknown>): Promise<MemoryError> =>
  promise.then(
    (result) => Promise.reject(new Error(`answered ${JSON.stringify(result)}`)),
    (error: MemoryError) => error,
  )

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const initialize = (protocolVersion: string) => ({
  protocolVersion,
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
})

it('is declared for 2025-11-25 alone, tool by tool, and only where a tool runs as a task', async () => {
  const { ask } = start([job().tool, must, plain])
  const { capabilities } = await ask('initialize', initialize('2025-11-25'))
  expect(capabilities.tasks).toEqual({ list: {}, cancel: {}, requests: { tools: { call: {} } } })
  expect((await ask('initialize', initialize('2025-06-18'))).capabilities).not.toHaveProperty('tasks')
  const { tools } = await ask('tools/list')
  expect(tools.map(({ name, execution }: Answer) => [name, execution])).toEqual([
    ['job', { taskSupport: 'optional' }],
    ['must', { taskSupport: 'required' }],
    ['plain', undefined],
  ])
  const without = start([plain])
  expect((await without.ask('initialize', initialize('2025-11-25'))).capabilities).not.toHaveProperty('tasks')
  expect(await without.ask('tools/call', { name: 'plain', task: {} })).toMatchObject({ content: [{ text: 'plain' }] })
  for (const method of ['tasks/get', 'tasks/list', 'tasks/result', 'tasks/cancel'])
    expect((await failureOf(without.ask(method, { taskId: 'x' }))).code).toBe(-32601)
})

it('answers with a handle, then with where it stands, and with the result as soon as there is one', async () => {
  const { tool, end } = job()
  const { call, get, result, records } = start([tool])
  const task = await call('job', { ttl: 60_000 })
  expect(task).toMatchObject({ status: 'working', ttl: 60_000, pollInterval: 2000 })
  expect(Object.keys(task).sort()).toEqual(['createdAt', 'lastUpdatedAt', 'pollInterval', 'status', 'taskId', 'ttl'])
  expect(await get(task.taskId)).toEqual(task)
  const waiting = result(task.taskId)
  await settled()
  end('done')
  expect(await waiting).toEqual({
    content: [{ type: 'text', text: 'done' }],
    _meta: { [RELATED]: { taskId: task.taskId } },
  })
  expect(await result(task.taskId)).toEqual(await waiting)
  expect(await get(task.taskId)).toMatchObject({ status: 'completed' })
  expect(records.map(({ method, name, status }) => `${method} ${name} ${status}`)).toEqual(
    expect.arrayContaining(['tools/call job ok', 'tasks/get job ok', 'tasks/result job ok']),
  )
})

it('lives as long as its client wants, and no longer than the server allows', async () => {
  let now = 1_800_000_000_000
  const { call, get } = start([job().tool], { clock: () => now })
  const ttlOf = async (task: object): Promise<number> => (await call('job', task)).ttl
  expect(await Promise.all([{}, { ttl: null }, { ttl: 9e15 }, { ttl: 0.5 }].map(ttlOf))).toEqual([
    3_600_000, 3_600_000, 3_600_000, 1,
  ])
  const { taskId } = await call('job', { ttl: 1000 })
  now += 1000
  expect(await failureOf(get(taskId))).toMatchObject({ code: -32602, message: 'Unknown task.' })
  for (const wrong of [{ ttl: 0 }, { ttl: -1 }, { ttl: '60' }, [], 'yes', null, true])
    expect((await failureOf(call('job', wrong))).code, JSON.stringify(wrong)).toBe(-32602)
})

it('is refused where tool and client do not agree, but tells nobody of a tool that is hidden', async () => {
  const { ask, call, engine, records } = start([job().tool, must, plain])
  expect((await failureOf(ask('tools/call', { name: 'must' }))).code).toBe(-32601)
  expect((await failureOf(call('plain'))).code).toBe(-32601)
  expect(records.map(({ name, code }) => [name, code])).toEqual([
    ['must', 'METHOD_NOT_FOUND'],
    ['plain', 'METHOD_NOT_FOUND'],
  ])
  const decide = () => ({ effect: 'deny', reason: 'hidden', rule: 'none', missing: [] }) as const
  engine.guards = { ...engine.guards, policy: { ...engine.guards.policy, decide } }
  for (const params of [{ name: 'must' }, { name: 'plain', task: {} }, { name: 'job', task: {} }])
    expect(await failureOf(ask('tools/call', params))).toMatchObject({
      code: -32602,
      message: expect.stringMatching(/^Unknown tool/),
    })
})

it('is a task however soon its handler ends, and none when the guards refuse it', async () => {
  const strict = defineTool({
    name: 'strict',
    task: 'optional',
    input: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
    run: () => 'never',
  })
  const { call, result, engine } = start([sync, strict])
  const { taskId, status } = await call('sync')
  expect(status).toBe('working')
  expect(await result(taskId)).toMatchObject({ content: [{ text: 'at once' }] })
  expect((await failureOf(call('strict', {}, { n: 'x' }))).code).toBe(-32602)
  expect(engine.tasks.idsOf(ann.id)).toEqual([taskId])
})

it('has failed when its result is an error, and answers just what the call would have', async () => {
  const refuses = async (): Promise<string> => {
    throw new UserError('Not today.')
  }
  const breaks = async (): Promise<string> => {
    throw new Error('password=hunter2')
  }
  const { call, result, get, ask, reach } = start([
    defineTool({ name: 'refuses', task: 'optional', run: refuses }),
    defineTool({ name: 'breaks', task: 'optional', run: breaks }),
    defineTool({
      name: 'array',
      task: 'optional',
      run: async () => ({ content: [], structuredContent: [1] }) as never,
    }),
    defineTool({ name: 'roots', task: 'optional', run: async () => inputRequired({ requests: { r: listRoots() } }) }),
  ])
  const direct = await ask('tools/call', { name: 'refuses' })
  const { taskId } = await call('refuses')
  const { _meta: _, ...told } = await result(taskId)
  expect(told).toEqual({ content: direct.content, isError: true })
  expect(await get(taskId)).toMatchObject({ status: 'failed' })
  const broken = await result((await call('breaks')).taskId)
  expect(JSON.stringify(broken)).not.toContain('hunter2')
  expect(await result((await call('array')).taskId)).not.toHaveProperty('structuredContent')
  expect(await result((await call('roots')).taskId)).toMatchObject({ isError: true })
  await reach(taskId, 'completed')
})

it('asks the client that waits for its result, says for which task, and goes on with the answer', async () => {
  const { connect, reach, records } = start([asker])
  const asked: Answer[] = []
  const client = connect({
    onRequest(method, params) {
      asked.push({ method, params })
      return accept('ada')
    },
  })
  const { taskId } = await client.call('asker')
  await reach(taskId, 'input_required')
  expect(asked).toEqual([])
  expect(await client.get(taskId)).toMatchObject({ status: 'input_required' })
  // Two that wait ask their user once.
  const [one, two] = await Promise.all([client.result(taskId), client.result(taskId)])
  expect(one.content[0].text).toBe('for ada')
  expect(two).toEqual(one)
  expect(asked).toHaveLength(1)
  expect(asked[0]).toMatchObject({
    method: 'elicitation/create',
    params: { message: 'Who?', _meta: { [RELATED]: { taskId } } },
  })
  expect(records.filter(({ method }) => method === 'tasks/result')).toHaveLength(3)
})

it('ends as the call would have when the client refuses to answer, and waits when it cannot be asked', async () => {
  const { connect, reach } = start([asker])
  const deaf = connect({ capabilities: {} })
  const refusing = connect({
    onRequest: () => {
      throw new Error('no user here')
    },
  })
  const { taskId } = await refusing.call('asker')
  await reach(taskId, 'input_required')
  const waiting = deaf.result(taskId)
  await settled()
  expect(await refusing.get(taskId)).toMatchObject({ status: 'input_required' })
  expect(await refusing.result(taskId)).toMatchObject({ isError: true })
  expect(await waiting).toMatchObject({ isError: true })
})

it('is cancelled by tasks/cancel, once, and not by leaving a request that looks at it', async () => {
  const { tool } = job()
  const { call, get, peer, result, ask } = start([tool])
  const { taskId } = await call('job')
  const controller = new AbortController()
  const left = failureOf(peer.request('tasks/result', { taskId }, { signal: controller.signal }))
  await settled()
  controller.abort(new Error('left'))
  expect((await left).message).toBe('left')
  expect(await get(taskId)).toMatchObject({ status: 'working' })
  const waiting = failureOf(result(taskId))
  await settled()
  expect(await ask('tasks/cancel', { taskId })).toMatchObject({ taskId, status: 'cancelled' })
  expect(await waiting).toMatchObject({ code: -31499, message: 'The task was cancelled.' })
  expect((await failureOf(ask('tasks/cancel', { taskId }))).code).toBe(-32602)
  expect(await get(taskId)).toMatchObject({ status: 'cancelled' })
})

it('lists the tasks of its caller alone, a page at a time, without those of tools it may not use', async () => {
  const { call, connect, ask, engine } = start([job().tool, must], { server: { pageSize: 2 } })
  const made: string[] = []
  for (const name of ['job', 'must', 'job', 'job', 'job']) made.push((await call(name)).taskId)
  const other = connect({}, bob)
  const foreign = (await other.call('job')).taskId
  const pages: Answer[] = []
  let cursor: string | undefined
  do {
    pages.push(await ask('tasks/list', cursor === undefined ? {} : { cursor }))
    cursor = pages.at(-1).nextCursor
  } while (cursor !== undefined)
  expect(pages.map(({ tasks }) => tasks.length)).toEqual([2, 2, 1])
  const listed = pages.flatMap(({ tasks }) => tasks.map(({ taskId }: Answer) => taskId))
  expect(listed).toEqual([...made].sort())
  expect(JSON.stringify(pages)).not.toContain(foreign)
  const { nextCursor } = pages[0]
  for (const forged of ['x', `${nextCursor}x`, 7, null, made[0]])
    expect((await failureOf(ask('tasks/list', { cursor: forged }))).code, String(forged)).toBe(-32602)
  expect((await failureOf(other.ask('tasks/list', { cursor: nextCursor }))).code).toBe(-32602)
  expect((await failureOf(ask('tools/list', { cursor: nextCursor }))).code).toBe(-32602)
  const { policy } = engine.guards
  const hidden = { effect: 'deny', reason: 'hidden', rule: 'none', missing: [] } as const
  const decide: typeof policy.decide = (who, what) =>
    what.kind === 'tool' && what.name === 'job' ? hidden : policy.decide(who, what)
  engine.guards = { ...engine.guards, policy: { ...policy, decide } }
  const rest: Answer[] = []
  for (let next: string | undefined; rest.length < 3; next = rest.at(-1).nextCursor)
    rest.push(await ask('tasks/list', next === undefined ? {} : { cursor: next }))
  expect(rest.flatMap(({ tasks }) => tasks)).toMatchObject([{ taskId: made[1] }])
})

it('nobody who is one of many lists what the others have made', async () => {
  const { connect } = start([job().tool])
  const anybody = connect({}, { ...anonymousPrincipal({ roles: ['user'] }) })
  const { capabilities } = await anybody.ask('initialize', initialize('2025-11-25'))
  expect(capabilities.tasks).toEqual({ cancel: {}, requests: { tools: { call: {} } } })
  const { taskId } = await anybody.call('job')
  expect(await anybody.get(taskId)).toMatchObject({ status: 'working' })
  expect((await failureOf(anybody.ask('tasks/list'))).code).toBe(-32601)
})

it("answers for somebody else's task just what it answers for none", async () => {
  const { call, get, connect } = start([job().tool])
  const { taskId } = await call('job')
  const stranger = connect({}, bob)
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
    const [other, none] = await Promise.all(
      [taskId, '00000000-0000-4000-8000-000000000000'].map(async (id) => {
        const { code, message } = await failureOf(stranger.ask(method, { taskId: id }))
        return { code, message }
      }),
    )
    expect(other).toEqual(none)
    expect(other?.code).toBe(-32602)
    for (const wrong of [undefined, '', 7, null, {}])
      expect((await failureOf(stranger.ask(method, { taskId: wrong }))).code).toBe(-32602)
  }
  expect(await get(taskId)).toMatchObject({ status: 'working' })
})

it('who loses the right to the tool while it waits is answered as if the task had never been', async () => {
  const { tool, end } = job()
  const { call, result, engine } = start([tool])
  const { taskId } = await call('job')
  const waiting = failureOf(result(taskId))
  await settled()
  const decide = () => ({ effect: 'deny', reason: 'hidden', rule: 'none', missing: [] }) as const
  engine.guards = { ...engine.guards, policy: { ...engine.guards.policy, decide } }
  end('secret')
  expect(await waiting).toMatchObject({ code: -32602, message: 'Unknown task.' })
})

it('a task of one era is looked after, and answered, in the other', async () => {
  const { engine, connect, reach } = start([asker, sync])
  const capabilities = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } }
  const modern = connectInMemory(engine, ann, { capabilities })
  const legacy = connect({ onRequest: () => accept('old') })
  const made = (await modern.request('tools/call', { name: 'asker' })) as Answer
  await reach(made.taskId, 'input_required')
  expect(await legacy.result(made.taskId)).toMatchObject({ content: [{ text: 'for old' }] })
  expect(await modern.request('tasks/get', { taskId: made.taskId })).toMatchObject({
    status: 'completed',
    result: { resultType: 'complete', content: [{ text: 'for old' }] },
  })
  const { taskId } = await legacy.call('asker')
  await reach(taskId, 'input_required')
  const { inputRequests } = (await modern.request('tasks/get', { taskId })) as Answer
  const [key] = Object.keys(inputRequests) as [string]
  await modern.request('tasks/update', { taskId, inputResponses: { [key]: accept('new') } })
  expect(await legacy.result(taskId)).toMatchObject({ content: [{ text: 'for new' }] })
})

it('survives its process: what has ended is still there, what was at work has failed', async () => {
  let now = 1_800_000_000_000
  const options = { clock: () => now, taskStore: createMemoryTaskStore() }
  const before = start([sync, job().tool, asker], options)
  const [done, lost, asks] = await Promise.all(['sync', 'job', 'asker'].map((name) => before.call(name)))
  await before.reach(asks.taskId, 'input_required')
  const after = start([sync, job().tool, asker], options)
  const client = after.connect({ onRequest: () => accept('ann') })
  expect(await client.result(done.taskId)).toMatchObject({ content: [{ text: 'at once' }] })
  expect(await client.result(asks.taskId)).toMatchObject({ content: [{ text: 'for ann' }] })
  const waiting = failureOf(client.result(lost.taskId))
  await settled()
  now += 15_000
  after.engine.tasks.sweep()
  expect(await waiting).toMatchObject({
    code: -32603,
    message: expect.stringMatching(/^The server ended before the task did\./),
  })
  expect((await client.get(lost.taskId)).statusMessage).toMatch(/^The server ended/)
})

it('one who makes too many tasks, or waits for too many, is refused', async () => {
  const tasks = {
    ttlMs: 1000,
    pollIntervalMs: 10,
    max: 3,
    maxPerPrincipal: 2,
    maxRunning: 100,
    maxRunningPerPrincipal: 100,
  }
  const { call, result, connect, reach } = start([job().tool], { server: { tasks, maxStreamsPerPrincipal: 2 } })
  const { taskId } = await call('job')
  await call('job')
  expect((await failureOf(call('job'))).data).toMatchObject({ code: 'TOO_MANY_TASKS' })
  const ends = [1, 2].map(() => failureOf(result(taskId)))
  await settled()
  expect((await failureOf(result(taskId))).data).toMatchObject({ code: 'TOO_MANY_SESSIONS' })
  const { ask } = connect()
  await ask('tasks/cancel', { taskId })
  await Promise.all(ends)
  await reach(taskId, 'cancelled')
  expect((await failureOf(result(taskId))).code).toBe(-31499)
})

it('one who runs too many tasks at once is refused until one has ended', async () => {
  const kept = { ttlMs: 60_000, pollIntervalMs: 2_000, max: 100, maxPerPrincipal: 100 }
  const tasks = { ...kept, maxRunning: 2, maxRunningPerPrincipal: 1 }
  const { call, connect, ask, reach } = start([job().tool], { server: { tasks } })
  const { taskId } = await call('job')
  expect(await failureOf(call('job'))).toMatchObject({ code: -31429, data: { code: 'RATE_LIMITED', retryAfter: 2 } })
  await connect({}, bob).call('job')
  const other = connect({}, holder('eve', 'user'))
  expect((await failureOf(other.call('job'))).data).toMatchObject({ code: 'OVERLOADED' })
  await ask('tasks/cancel', { taskId })
  await reach(taskId, 'cancelled')
  await settled()
  expect(await call('job')).toMatchObject({ status: 'working' })
})

it('over HTTP a client that waits has a stream at once, and one that has gone is waited for no longer', async () => {
  let now = Date.UTC(2026, 10, 23)
  const test = start([job().tool], { clock: () => now })
  const { engine } = test
  const server = await serveEngine(test)
  try {
    const { request, sessionId } = await openLegacy(server.port)
    const { taskId } = (await request('tools/call', { name: 'job', task: {} })).json.result.task
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'r', method: 'tasks/result', params: { taskId } })
    const headers = { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' }
    const stream = await openStream(server.port, { headers, body })
    expect(stream.text()).toMatch(/^id: \S+\nretry/)
    const session = await server.edge.sessions.find(sessionId, ann)
    expect(session.isBusy).toBe(true)
    stream.leave()
    await stream.ended
    while (session.isBusy) {
      await settled()
      now += 10_000
      engine.tasks.sweep()
    }
    const seen = await sendModern(server.port, 'tasks/get', { taskId }, { meta: MODERN_TASKS })
    expect(seen.json.result).toMatchObject({ status: 'working' })
  } finally {
    await server.close()
  }
})

const MODERN_TASKS = {
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
}
