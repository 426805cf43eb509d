import { expect, it } from 'vitest'
import {
  createTestEngine,
  holder,
  serveEngine,
  type TestEngine,
  type TestEngineOptions,
} from '../../../test/fixtures/engine.ts'
import { modernRequest, openLegacy, openStream, sendModern } from '../../../test/fixtures/http-client.ts'
import type { CallContext } from '../../capabilities/call-context.ts'
import { type Definition, defineTool, type TaskSupport } from '../../capabilities/definition.ts'
import { acceptedContent, elicit, inputRequired, listRoots } from '../../capabilities/input-required.ts'
import { ToolgateError, UserError } from '../../errors.ts'
import { createMemoryTaskStore } from '../../storage/memory/task-store.ts'
import type { TaskStore } from '../../storage/task-store.ts'
import { connectInMemory, type MemoryError, type MemoryPeer } from '../memory/connect-in-memory.ts'
import type { Task } from './task.ts'

const TASKS = 'io.modelcontextprotocol/tasks'
const KNOWS_TASKS = { elicitation: {}, extensions: { [TASKS]: {} } }
const ann = holder('ann', 'user')
const FORM = { type: 'object', properties: { name: { type: 'string' } } }

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers as it likes
type Answer = any

/** A tool that works until the test lets it go. */
function job(task: TaskSupport = 'optional', name = 'job') {
  let end: (result: string) => void = () => {}
  const ended = new Promise<string>((resolve) => {
    end = resolve
  })
  const seen: { context?: CallContext } = {}
  const tool = defineTool({
    name,
    task,
    run: async (_input, context) => {
      seen.context = context
      return await ended
    },
  })
  return { tool, seen, end: (result: string) => end(result) }
}

const soon = (name: string, run: () => unknown): Definition =>
  defineTool({ name, task: 'optional', run: async () => (await Promise.resolve().then(run)) as string })

function start(definitions: readonly Definition[], options: TestEngineOptions = {}) {
  const test = createTestEngine(definitions, options)
  const peer = connectInMemory(test.engine, ann, { capabilities: KNOWS_TASKS })
  const call = (name: string, args: object = {}): Promise<Answer> =>
    peer.request('tools/call', { name, arguments: args })
  const get = (taskId: string, as: MemoryPeer = peer): Promise<Answer> => as.request('tasks/get', { taskId })
  /** Makes a task and waits until it stands so; resolves to what `tasks/get` says. */
  const reach = async (handle: Answer, status: string): Promise<Answer> => {
    await reached(test, handle.taskId, status)
    return get(handle.taskId)
  }
  return { ...test, peer, call, get, reach }
}

function reached({ engine }: TestEngine, id: string, status: string): Promise<Task> {
  return new Promise((resolve) => {
    const known = engine.tasks.find(id, ann.id)
    if (known?.status === status) resolve(known)
    const stop = engine.events.subscribe((event) => {
      if (event.kind !== 'task' || event.task.id !== id || event.task.status !== status) return
      stop()
      resolve(event.task)
    })
  })
}

const failureOf = (promise: Promise<unknown>): Promise<MemoryError> =>
  promise.then(
    (result) => Promise.reject(new Error(`answered ${JSON.stringify(result)}`)),
    (error: MemoryError) => error,
  )

it('answers with a handle while the tool still works, and with its result when it has ended', async () => {
  const { tool, seen, end } = job()
  const { call, get, reach } = start([tool])
  const handle = await call('job')
  expect(handle).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 3_600_000, pollIntervalMs: 2000 })
  expect(handle.taskId).toMatch(/^[0-9a-f-]{36}$/)
  for (const key of ['result', 'error', 'inputRequests', 'requestState', 'task']) expect(handle).not.toHaveProperty(key)
  seen.context?.report({ progress: 1, message: 'half way' })
  const working = await get(handle.taskId)
  expect(working).toMatchObject({ resultType: 'complete', status: 'working', statusMessage: 'half way' })
  expect(working).not.toHaveProperty('result')
  end('done')
  expect(await reach(handle, 'completed')).toMatchObject({
    resultType: 'complete',
    taskId: handle.taskId,
    result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }] },
  })
})

it('a client that does not know tasks waits for an optional one and is refused a required one', async () => {
  const { tool, end } = job('optional')
  end('done')
  const { engine } = start([tool, job('required', 'must').tool])
  const plain = connectInMemory(engine, ann)
  expect(await plain.request('tools/call', { name: 'job' })).toMatchObject({
    resultType: 'complete',
    content: [{ text: 'done' }],
  })
  const refused = await failureOf(plain.request('tools/call', { name: 'must' }))
  expect(refused.code).toBe(-32021)
  expect(refused.data).toMatchObject({ requiredCapabilities: { extensions: { [TASKS]: {} } } })
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    expect((await failureOf(plain.request(method, { taskId: 'x', inputResponses: {} }))).code).toBe(-32021)
  }
})

it('a client of a revision without tasks waits for an optional one and reads why a required one is refused', async () => {
  const { tool, end } = job('optional')
  end('done')
  const server = await serveEngine(start([tool, job('required', 'must').tool]))
  try {
    const { request } = await openLegacy(server.port, { version: '2025-06-18', capabilities: KNOWS_TASKS })
    const call = async (params: object): Promise<Answer> => (await request('tools/call', { ...params })).json.result
    expect(await call({ name: 'job', task: {} })).toMatchObject({ content: [{ text: 'done' }] })
    expect(await call({ name: 'must', task: {} })).toMatchObject({ isError: true })
    for (const method of ['tasks/get', 'tasks/result', 'tasks/list', 'tasks/cancel', 'tasks/update'])
      expect((await request(method, { taskId: 'x' })).json.error.code).toBe(-32601)
    expect(JSON.stringify((await request('tools/list')).json.result)).not.toContain('taskSupport')
  } finally {
    await server.close()
  }
})

it('declares the extension only when a tool runs as a task', async () => {
  const without = start([defineTool({ name: 'plain', run: () => 'x' })])
  expect((await without.peer.request('server/discover')).capabilities).not.toHaveProperty('extensions')
  expect((await failureOf(without.get('x'))).code).toBe(-32601)
  const capabilities = (await start([job().tool]).peer.request('server/discover')).capabilities
  expect(capabilities).toMatchObject({ extensions: { [TASKS]: {} } })
})

it("answers for somebody else's task just what it answers for none", async () => {
  const { tool, seen } = job()
  const { engine, call, get } = start([tool])
  const { taskId } = await call('job')
  const bob = connectInMemory(engine, holder('bob', 'user'), { capabilities: KNOWS_TASKS })
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const [other, none] = await Promise.all(
      [taskId, '00000000-0000-4000-8000-000000000000', 'job'].map(async (id) => {
        const { code, message } = await failureOf(bob.request(method, { taskId: id, inputResponses: {} }))
        return { code, message }
      }),
    )
    expect(other).toEqual(none)
    expect(other?.code).toBe(-32602)
  }
  expect(await get(taskId)).toMatchObject({ status: 'working' })
  expect(seen.context?.signal.aborted).toBe(false)
})

it('whoever may not use the tool any more may not see its tasks either', async () => {
  const { tool } = job()
  const { engine, call, get } = start([tool])
  const { taskId } = await call('job')
  const { policy } = engine.guards
  engine.guards = {
    ...engine.guards,
    policy: { ...policy, decide: () => ({ effect: 'deny', reason: 'hidden', rule: 'none', missing: [] }) },
  }
  const refused = await failureOf(get(taskId))
  expect(refused).toMatchObject({ code: -32602, message: 'Unknown task.' })
  engine.guards = { ...engine.guards, policy }
  expect(await get(taskId)).toMatchObject({ status: 'working' })
})

it('a tool that fails has completed, and only an error of the protocol is a failed task', async () => {
  const { call, reach } = start([
    soon('refuses', () => Promise.reject(new UserError('Not today.'))),
    soon('breaks', () => Promise.reject(new Error('password=hunter2'))),
    soon('asks', () => inputRequired({ requests: { roots: listRoots() } })),
    soon('cyclic', () => ({ content: [], _meta: { big: 1n } })),
  ])
  const refused = await reach(await call('refuses'), 'completed')
  expect(refused.result).toMatchObject({ isError: true, content: [{ text: 'Not today.' }] })
  const broken = await reach(await call('breaks'), 'completed')
  expect(broken.result.isError).toBe(true)
  expect(JSON.stringify(broken)).not.toContain('hunter2')
  const failed = await reach(await call('asks'), 'failed')
  expect(failed.error).toMatchObject({ code: -32021, data: { requiredCapabilities: { roots: {} } } })
  expect(failed).not.toHaveProperty('result')
  expect((await reach(await call('cyclic'), 'completed')).result).toMatchObject({ isError: true })
})

it('what the guards refuse, and what is answered at once, makes no task', async () => {
  const store = createMemoryTaskStore()
  const added: string[] = []
  const watching: TaskStore = {
    ...store,
    add(task, limits) {
      added.push(task.id)
      return store.add(task, limits)
    },
  }
  const strict = defineTool({
    name: 'strict',
    task: 'required',
    input: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
    run: () => 'at once',
  })
  const { call } = start([strict], { taskStore: watching })
  expect(await call('strict', { n: 'x' })).toMatchObject({ resultType: 'complete', isError: true })
  expect(added).toEqual([])
  expect(await call('strict', { n: 1 })).toMatchObject({ resultType: 'complete', content: [{ text: 'at once' }] })
  expect(store.find(added[0] as string)).toBeUndefined()
})

/** Asks for a name and for a color, twice; then says what it heard. */
const asker = defineTool({
  name: 'asker',
  task: 'optional',
  run: async (_input, { inputs, state }) => {
    const heard = [...((state as string[] | undefined) ?? [])]
    for (const key of ['name', 'color']) {
      const name = acceptedContent(inputs[key])?.name
      if (name !== undefined) heard.push(String(name))
    }
    if (heard.length === 4) return heard.join(' ')
    return inputRequired({ requests: { name: elicit('Name?', FORM), color: elicit('Color?', FORM) }, state: heard })
  },
})

const accept = (name: string): object => ({ action: 'accept', content: { name } })

it('a task asks, takes the answers one by one, and never asks twice under one key', async () => {
  const { call, reach, get, peer, engine } = start([asker])
  const handle = await call('asker')
  const { taskId } = handle
  const first = Object.keys((await reach(handle, 'input_required')).inputRequests)
  expect(first).toHaveLength(2)
  const [a, b] = first as [string, string]
  const update = (inputResponses: object): Promise<Answer> => peer.request('tasks/update', { taskId, inputResponses })
  const ack = await update({ [a]: accept('ada'), unknown: { ignored: true } })
  expect(Object.keys(ack).sort()).toEqual(['_meta', 'resultType'])
  expect(Object.keys((await get(taskId)).inputRequests)).toEqual([b])
  expect((await failureOf(update({ [b]: 17 }))).code).toBe(-32602)
  expect(await get(taskId)).toMatchObject({ status: 'input_required' })
  const again = new Promise<Task>((resolve) => {
    engine.events.subscribe((event) => {
      if (event.kind === 'task' && event.task.round === 2 && event.task.status === 'input_required') resolve(event.task)
    })
  })
  await update({ [b]: accept('blue') })
  const second = Object.keys((await again).pending)
  expect(second).toHaveLength(2)
  expect(second.filter((key) => first.includes(key))).toEqual([])
  await update(Object.fromEntries(second.map((key, at) => [key, accept(`late${at}`)])))
  expect((await reach(handle, 'completed')).result.content[0].text).toBe('ada blue late0 late1')
  expect(await update({ [a]: accept('too late') })).toMatchObject({ resultType: 'complete' })
})

it('a task is resumed through every guard: without the right to the tool it stays as it is', async () => {
  const { call, reach, get, peer, engine, records } = start([asker])
  const handle = await call('asker')
  const { inputRequests } = await reach(handle, 'input_required')
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, accept('x')]))
  const { policy } = engine.guards
  engine.guards = {
    ...engine.guards,
    policy: { ...policy, decide: () => ({ effect: 'deny', reason: 'scope', rule: 'none', missing: ['crm:write'] }) },
  }
  const refused = await failureOf(peer.request('tasks/update', { taskId: handle.taskId, inputResponses }))
  expect(refused.code).toBe(-31403)
  expect(records.at(-1)).toMatchObject({ method: 'tasks/update', name: 'asker', decision: 'deny' })
  engine.guards = { ...engine.guards, policy }
  expect(await get(handle.taskId)).toMatchObject({ status: 'input_required' })
})

it('asks first and becomes a task afterwards, when the handler asks without being asynchronous', async () => {
  const tool = defineTool({
    name: 'both',
    task: 'required',
    run: (_input, { inputs }) => {
      if (inputs.who === undefined) return inputRequired({ requests: { who: elicit('Who?', FORM) } })
      return Promise.resolve(`for ${String(acceptedContent(inputs.who)?.name)}`)
    },
  })
  const { peer, reach } = start([tool])
  const asked = await peer.request('tools/call', { name: 'both' })
  expect(asked).toMatchObject({ resultType: 'input_required', inputRequests: { who: {} } })
  const handle = await peer.request('tools/call', { name: 'both', inputResponses: { who: accept('ann') } })
  expect(handle).toMatchObject({ resultType: 'task' })
  expect((await reach(handle, 'completed')).result.content[0].text).toBe('for ann')
})

it('a cancelled task reaches its handler and stays cancelled', async () => {
  const { tool, seen, end } = job()
  const { call, get, peer, records } = start([tool])
  const { taskId } = await call('job')
  const signal = seen.context?.signal
  const ack = await peer.request('tasks/cancel', { taskId })
  expect(Object.keys(ack).sort()).toEqual(['_meta', 'resultType'])
  expect(signal?.aborted).toBe(true)
  end('too late')
  await new Promise((resolve) => setImmediate(resolve))
  expect(await get(taskId)).toMatchObject({ status: 'cancelled' })
  expect(await peer.request('tasks/cancel', { taskId })).toMatchObject({ resultType: 'complete' })
  expect(records.map(({ method, status }) => `${method} ${status}`)).toEqual(
    expect.arrayContaining(['tools/call cancelled', 'tasks/cancel ok', 'tasks/get ok']),
  )
})

it('an expired task is stopped and forgotten, also when its client never came back', async () => {
  let now = Date.UTC(2026, 10, 22)
  const store = createMemoryTaskStore()
  const { tool, seen } = job()
  const { call, get, engine } = start([tool], { clock: () => now, taskStore: store })
  const { taskId } = await call('job')
  const signal = seen.context?.signal
  now += 3_599_999
  engine.tasks.sweep()
  expect(await get(taskId)).toMatchObject({ status: 'working' })
  now += 1
  expect((await failureOf(get(taskId))).code).toBe(-32602)
  engine.tasks.sweep()
  expect(signal?.aborted).toBe(true)
  expect(store.find(taskId)).toBeUndefined()
})

it('a task whose end could not be stored is told to the operator, and has failed when its lease is over', async () => {
  let now = Date.UTC(2026, 10, 22)
  const store = createMemoryTaskStore()
  let isFull = false
  const full: TaskStore = {
    ...store,
    replace(task) {
      if (isFull) throw new ToolgateError({ code: 'STORAGE_FAILED', message: 'The disk is full.' })
      return store.replace(task)
    },
  }
  const { tool, end } = job()
  const { call, get, observed } = start([tool], { clock: () => now, taskStore: full })
  const { taskId } = await call('job')
  isFull = true
  end('done')
  await new Promise((resolve) => setImmediate(resolve))
  expect(observed).toContainEqual(expect.objectContaining({ type: 'fault', message: expect.stringContaining(taskId) }))
  isFull = false
  expect(await get(taskId)).toMatchObject({ status: 'working' })
  now += 15_000
  expect(await get(taskId)).toMatchObject({ status: 'failed' })
})

it('no handle is given for a task that could not be stored, and its handler does not run', async () => {
  const store = createMemoryTaskStore()
  const add = (): never => {
    throw new ToolgateError({ code: 'STORAGE_FAILED', message: 'The disk is full.' })
  }
  const { tool, seen } = job()
  const { call } = start([tool], { taskStore: { ...store, add } })
  expect((await failureOf(call('job'))).code).toBe(-31503)
  expect(seen.context).toBeUndefined()
})

const SERVER_TASKS = { ttlMs: 60_000, pollIntervalMs: 2_000, max: 100, maxPerPrincipal: 100 }

it('keeps no more tasks than it is told, and none of them pushes out another', async () => {
  const tasks = {
    ttlMs: 1000,
    pollIntervalMs: 10,
    max: 3,
    maxPerPrincipal: 2,
    maxRunning: 100,
    maxRunningPerPrincipal: 100,
  }
  let now = 0
  const { call, get } = start([job().tool], { server: { tasks }, clock: () => now })
  const first = await call('job')
  await call('job')
  expect(await failureOf(call('job'))).toMatchObject({ code: -31503, data: { code: 'TOO_MANY_TASKS' } })
  expect(await get(first.taskId)).toMatchObject({ status: 'working', ttlMs: 1000, pollIntervalMs: 10 })
  now = 1000
  expect(await call('job')).toMatchObject({ resultType: 'task' })
})

it('runs no more tasks at once than it is told, of one caller and of all; those that have ended do not count', async () => {
  const tasks = { ...SERVER_TASKS, maxRunning: 3, maxRunningPerPrincipal: 2 }
  const { tool, end } = job()
  const { engine, call, get } = start([tool], { server: { tasks } })
  const bob = connectInMemory(engine, holder('bob', 'user'), { capabilities: KNOWS_TASKS })
  const callAsBob = (): Promise<Answer> => bob.request('tools/call', { name: 'job', arguments: {} })
  const { taskId } = await call('job')
  await call('job')
  expect(await failureOf(call('job'))).toMatchObject({ code: -31429, data: { code: 'RATE_LIMITED', retryAfter: 2 } })
  await callAsBob()
  expect(await failureOf(callAsBob())).toMatchObject({ code: -31503, data: { code: 'OVERLOADED', retryAfter: 2 } })
  expect(engine.tasks.running).toBe(3)
  end('done')
  while ((await get(taskId)).status !== 'completed');
  expect(await call('job')).toMatchObject({ resultType: 'task' })
})

it('tells those who listen of their own tasks, with all that tasks/get would say', async () => {
  const { tool, end } = job()
  const test = start([tool])
  const { taskId } = await test.call('job')
  const heard: Answer[] = []
  const listener = connectInMemory(test.engine, ann, { capabilities: KNOWS_TASKS })
  const stranger = connectInMemory(test.engine, holder('bob', 'user'), { capabilities: KNOWS_TASKS })
  listener.onNotification((method, params) => heard.push({ method, params }))
  const strange: Answer[] = []
  stranger.onNotification((method, params) => strange.push({ method, params }))
  const notifications = { taskIds: [taskId, 'unknown'], toolsListChanged: true }
  void listener.request('subscriptions/listen', { notifications }).catch(() => {})
  void stranger.request('subscriptions/listen', { notifications }).catch(() => {})
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard[0].params.notifications).toEqual({ toolsListChanged: true, taskIds: [taskId] })
  expect(strange[0].params.notifications).toEqual({ toolsListChanged: true })
  end('done')
  await reached(test, taskId, 'completed')
  const { _meta, ...told } = heard[1].params
  const { _meta: __, resultType: ___, ...got } = await test.get(taskId)
  expect(heard[1].method).toBe('notifications/tasks')
  expect(told).toEqual(got)
  expect(strange).toHaveLength(1)
  const plain = connectInMemory(test.engine, ann)
  expect((await failureOf(plain.request('subscriptions/listen', { notifications }))).code).toBe(-32021)
  listener.close()
  stranger.close()
})

it('over HTTP a task goes on without its client, Mcp-Name is its id, and looking at it counts as a call', async () => {
  const { tool, end } = job()
  const test = start([tool], { limits: { callsPerMinute: 4, burst: 4 } })
  const server = await serveEngine(test)
  try {
    const meta = { 'io.modelcontextprotocol/clientCapabilities': KNOWS_TASKS }
    const made = await sendModern(server.port, 'tools/call', { name: 'job' }, { meta })
    const { taskId } = made.json.result
    end('done')
    await reached(test, taskId, 'completed')
    const got = await sendModern(server.port, 'tasks/get', { taskId }, { meta })
    expect(got.json.result).toMatchObject({ status: 'completed', result: { content: [{ text: 'done' }] } })
    const headers = { 'mcp-name': 'other' }
    const mismatch = await sendModern(server.port, 'tasks/get', { taskId }, { meta, headers })
    expect([mismatch.status, mismatch.json.error.code]).toEqual([400, -32020])
    const unknown = await sendModern(server.port, 'tasks/get', { taskId: 'unknown' }, { meta })
    expect(unknown.json.error.code).toBe(-32602)
    await sendModern(server.port, 'tasks/get', { taskId }, { meta })
    expect((await sendModern(server.port, 'tasks/get', { taskId }, { meta })).status).toBe(429)
  } finally {
    await server.close()
  }
})

it('over HTTP a listener hears the end of its task', async () => {
  const { tool, end } = job()
  const test = start([tool])
  const server = await serveEngine(test)
  try {
    const meta = { 'io.modelcontextprotocol/clientCapabilities': KNOWS_TASKS }
    const { taskId } = (await sendModern(server.port, 'tools/call', { name: 'job' }, { meta })).json.result
    const listen = modernRequest('subscriptions/listen', { notifications: { taskIds: [taskId] }, _meta: meta }, 7)
    const stream = await openStream(server.port, listen)
    await stream.messages(1)
    end('done')
    const [, told] = await stream.messages(2)
    expect(told).toMatchObject({ method: 'notifications/tasks', params: { taskId, status: 'completed' } })
    stream.leave()
  } finally {
    await server.close()
  }
})
