import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CallContext } from '../../capabilities/call-context.ts'
import type { Definition } from '../../capabilities/definition.ts'
import { type InputRequired, isInputRequired } from '../../capabilities/input-required.ts'
import { isUserError, type ToolgateError, toToolgateError } from '../../errors.ts'
import { makeTemporaryProject, type TemporaryProject } from '../../testkit/temporary-project.ts'
import type { Connector, Offered } from '../connector.ts'
import { createSdkConnector } from './create-sdk-connector.ts'

const SECRET = 'password=hunter2'

/** What both versions write alike; `register` stands for the version's own way. */
const COMMON = `
  const SECRET = '${SECRET}'
  const text = (value) => ({ content: [{ type: 'text', text: value }] })
  export const seen = { aborted: 0, subscribed: [] }
  globalThis.toolgateTestSeen = seen
  const untilAborted = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => {
    seen.aborted += 1
    reject(new Error('aborted'))
  }))
`

const V1 = `
  import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
  import { completable } from '@modelcontextprotocol/sdk/server/completable.js'
  import { McpError, UrlElicitationRequiredError, ElicitResultSchema, CreateMessageResultSchema, ListRootsResultSchema } from '@modelcontextprotocol/sdk/types.js'
  import { UserError } from 'toolgate'
  import { z } from 'zod'
  ${COMMON}
  const server = new McpServer({ name: 'v1', version: '1.0.0' }, { capabilities: { logging: {}, resources: { subscribe: true } } })
  server.registerTool('add', { title: 'Add', description: 'Adds.', inputSchema: { a: z.number(), b: z.number() },
    outputSchema: { sum: z.number() }, annotations: { readOnlyHint: true }, _meta: { 'acme.dev/x': 1 } },
    async ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }))
  server.tool('leak', 'Throws.', {}, async () => { throw new Error(SECRET) })
  server.tool('leak_sync', () => { throw new Error(SECRET) })
  server.tool('leak_text', async () => { throw SECRET })
  server.tool('leak_nothing', async () => { throw undefined })
  server.tool('leak_code', async () => { throw Object.assign(new Error(SECRET), { code: -32602 }) })
  server.tool('leak_internal', async () => { throw new McpError(-32603, SECRET) })
  server.tool('leak_refine', { a: z.string().refine(() => { throw new Error(SECRET) }) }, async () => text('never'))
  server.tool('deliberate', async () => ({ ...text('Sold out.'), isError: true }))
  server.tool('refuse', async () => { throw new UserError('There is no invoice 17.') })
  server.tool('invalid', async () => { throw new McpError(-32602, 'There is no customer 17.') })
  server.registerTool('wrong', { outputSchema: { sum: z.number() } }, async () => ({ ...text('x'), structuredContent: { sum: SECRET } }))
  server.tool('pages', async () => { throw new UrlElicitationRequiredError([{ mode: 'url', message: 'Sign in.', url: 'https://example.com/in', elicitationId: '1' }]) })
  server.tool('hang', async (extra) => untilAborted(extra.signal))
  server.tool('work', async (extra) => {
    await extra.sendNotification({ method: 'notifications/progress', params: { progressToken: extra._meta.progressToken, progress: 1, total: 2, message: 'half' } })
    await server.sendLoggingMessage({ level: 'info', data: 'working', logger: 'w' })
    return text(String(extra._meta.traceparent))
  })
  server.tool('ask', async () => {
    const answer = await server.server.elicitInput({ message: 'Sure?', requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } } } })
    return text(JSON.stringify(answer))
  })
  server.tool('ask_all', async (extra) => {
    const answers = await Promise.all([
      extra.sendRequest({ method: 'elicitation/create', params: { mode: 'form', message: 'Name?', requestedSchema: { type: 'object', properties: {} } } }, ElicitResultSchema),
      extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema),
      extra.sendRequest({ method: 'sampling/createMessage', params: { messages: [], maxTokens: 5 } }, CreateMessageResultSchema),
    ])
    return text(JSON.stringify(answers))
  })
  server.tool('grow', async () => {
    server.tool('grown', async () => { throw new Error(SECRET) })
    return text('ok')
  })
  server.tool('shrink', async () => {
    const tool = server._registeredTools.leak
    tool.update({ callback: async () => { throw new Error(SECRET + ' again') } })
    return text('ok')
  })
  server.resource('readme', 'docs://readme', { mimeType: 'text/markdown' }, async (uri) => ({ contents: [{ uri: uri.href, text: '# Hi' }] }))
  server.resource('broken', 'docs://broken', async () => { throw new Error(SECRET) })
  server.resource('user', new ResourceTemplate('users://{id}/profile', { list: undefined, complete: { id: (v) => ['1', '12', '2'].filter((x) => x.startsWith(v)) } }),
    async (uri, { id }) => ({ contents: [{ uri: uri.href, text: 'user ' + id }] }))
  server.prompt('review', { lang: completable(z.string().describe('Language'), (v, c) => [v + 's', c?.arguments?.style ?? '-']), style: z.string().optional() }, ({ lang }) => ({ messages: [{ role: 'user', content: { type: 'text', text: 'review ' + lang } }] }))
  server.prompt('broken', () => { throw new Error(SECRET) })
  server.tool('touch', async () => { await server.server.sendResourceUpdated({ uri: 'docs://readme' }); return text('ok') })
  export default server
`

const V2 = `
  import { McpServer, ResourceTemplate, completable, inputRequired, ProtocolError, UrlElicitationRequiredError, acceptedContent } from '@modelcontextprotocol/server'
  import { UserError } from 'toolgate'
  import * as z from 'zod/v4'
  ${COMMON}
  const server = new McpServer({ name: 'v2', version: '1.0.0' }, { capabilities: { logging: {}, resources: { subscribe: true } } })
  const empty = z.object({})
  server.registerTool('add', { title: 'Add', description: 'Adds.', inputSchema: z.object({ a: z.number(), b: z.number() }),
    outputSchema: z.object({ sum: z.number() }), annotations: { readOnlyHint: true }, _meta: { 'acme.dev/x': 1 } },
    async ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }))
  const tool = (name, run, more = {}) => server.registerTool(name, more, run)
  const leak = tool('leak', async () => { throw new Error(SECRET) })
  tool('leak_sync', () => { throw new Error(SECRET) })
  tool('leak_text', async () => { throw SECRET })
  tool('leak_nothing', async () => { throw undefined })
  tool('leak_code', async () => { throw Object.assign(new Error(SECRET), { code: -32602 }) })
  tool('leak_internal', async () => { throw new ProtocolError(-32603, SECRET) })
  tool('leak_refine', async () => text('never'), { inputSchema: z.object({ a: z.string().refine(() => { throw new Error(SECRET) }) }) })
  tool('deliberate', async () => ({ ...text('Sold out.'), isError: true }))
  tool('refuse', async () => { throw new UserError('There is no invoice 17.') })
  tool('invalid', async () => { throw new ProtocolError(-32602, 'There is no customer 17.') })
  tool('wrong', async () => ({ ...text('x'), structuredContent: { sum: SECRET } }), { outputSchema: z.object({ sum: z.number() }) })
  tool('pages', async () => { throw new UrlElicitationRequiredError([{ mode: 'url', message: 'Sign in.', url: 'https://example.com/in', elicitationId: '1' }]) })
  tool('hang', async (ctx) => untilAborted(ctx.mcpReq.signal))
  tool('work', async (ctx) => {
    await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken: ctx.mcpReq._meta.progressToken, progress: 1, total: 2, message: 'half' } })
    await ctx.mcpReq.log('info', 'working', 'w')
    return text(String(ctx.mcpReq._meta.traceparent))
  })
  tool('ask', async (ctx) => {
    const answer = ctx.mcpReq.inputResponses?.sure
    if (answer === undefined) return inputRequired({ inputRequests: { sure: inputRequired.elicit({ message: 'Sure?', requestedSchema: z.object({ sure: z.boolean() }) }) } })
    return text(JSON.stringify(answer))
  })
  tool('ask_all', async (ctx) => {
    const { name, roots, said } = ctx.mcpReq.inputResponses ?? {}
    if (name === undefined) return inputRequired({ inputRequests: {
      name: inputRequired.elicit({ message: 'Name?', requestedSchema: z.object({}) }),
      roots: inputRequired.listRoots(),
      said: inputRequired.createMessage({ messages: [], maxTokens: 5 }),
    } })
    return text(JSON.stringify([name, roots, said]))
  })
  tool('grow', async () => {
    tool('grown', async () => { throw new Error(SECRET) })
    return text('ok')
  })
  tool('shrink', async () => {
    leak.update({ callback: async () => { throw new Error(SECRET + ' again') } })
    return text('ok')
  })
  server.registerResource('readme', 'docs://readme', { mimeType: 'text/markdown' }, async (uri) => ({ contents: [{ uri: uri.href, text: '# Hi' }] }))
  server.registerResource('broken', 'docs://broken', {}, async () => { throw new Error(SECRET) })
  server.registerResource('user', new ResourceTemplate('users://{id}/profile', { list: undefined, complete: { id: (v) => ['1', '12', '2'].filter((x) => x.startsWith(v)) } }), {},
    async (uri, { id }) => ({ contents: [{ uri: uri.href, text: 'user ' + id }] }))
  server.registerPrompt('review', { argsSchema: z.object({ lang: completable(z.string().describe('Language'), (v, c) => [v + 's', c?.arguments?.style ?? '-']), style: z.string().optional() }) }, ({ lang }) => ({ messages: [{ role: 'user', content: { type: 'text', text: 'review ' + lang } }] }))
  server.registerPrompt('broken', {}, () => { throw new Error(SECRET) })
  tool('touch', async () => { await server.server.sendResourceUpdated({ uri: 'docs://readme' }); return text('ok') })
  export default server
`

const signal = new AbortController().signal
let project: TemporaryProject
let connector: Connector

/** One round of a call, and what came out of it on the side. */
interface Round extends CallContext {
  readonly reports: unknown[]
  readonly logs: unknown[]
  readonly updated: string[]
}

function round(given: Partial<CallContext> = {}): Round {
  const reports: unknown[] = []
  const logs: unknown[] = []
  const updated: string[] = []
  const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} }
  return {
    callId: 'call-1',
    caller: { id: 'key:ada', name: 'Ada', roles: [] },
    signal: new AbortController().signal,
    client: { capabilities },
    meta: {},
    inputs: {},
    state: undefined,
    report: (progress) => void reports.push(progress),
    log: (level, data, logger) => void logs.push([level, data, logger]),
    notify: {
      toolsChanged: () => {},
      promptsChanged: () => {},
      resourcesChanged: () => {},
      resourceUpdated: (uri) => void updated.push(uri),
    },
    closeStream: () => {},
    ...given,
    reports,
    logs,
    updated,
  }
}

async function connect(
  file: string,
  more: Partial<Parameters<typeof createSdkConnector>[0]> = {},
): Promise<readonly Offered[]> {
  await project.write({ 'server.ts': file })
  connector = createSdkConnector({ name: 'legacy', path: project.at('server.ts'), ...more })
  return connector.connect(signal)
}

function find<K extends Definition['kind']>(
  offered: readonly Offered[],
  kind: K,
  name: string,
): Extract<Definition, { kind: K }> {
  const found = offered.find(({ definition }) => definition.kind === kind && definition.name === name)
  if (found === undefined) throw new Error(`There is no ${kind} ${name}.`)
  return found.definition as Extract<Definition, { kind: K }>
}

async function call(
  offered: readonly Offered[],
  name: string,
  input: object = {},
  context: CallContext = round(),
): Promise<unknown> {
  return find(offered, 'tool', name).run(input as never, context)
}

async function failureOf(promise: Promise<unknown>): Promise<ToolgateError> {
  const thrown = await promise.then(
    (value) => {
      throw new Error(`It did not fail but gave ${JSON.stringify(value)}`)
    },
    (reason: unknown) => reason,
  )
  return toToolgateError(thrown)
}

beforeEach(async () => {
  project = await makeTemporaryProject({
    packages: ['zod', '@modelcontextprotocol/sdk', '@modelcontextprotocol/server'],
  })
})

afterEach(async () => {
  vi.useRealTimers()
  await connector.close()
  await project.remove()
})

describe.each([
  ['version 1', V1],
  ['version 2', V2],
])('a server of the SDK, %s', (_, source) => {
  it('offers what it lists, with its own schemas and descriptions', async () => {
    const offered = await connect(source, { prefix: 'old_' })
    const add = find(offered, 'tool', 'old_add')
    expect(add).toMatchObject({ title: 'Add', description: 'Adds.', annotations: { readOnlyHint: true } })
    expect(add.meta).toMatchObject({ 'acme.dev/x': 1 })
    expect(add.input).toMatchObject({ type: 'object', properties: { a: { type: 'number' } }, required: ['a', 'b'] })
    expect(add.output).toMatchObject({ properties: { sum: { type: 'number' } } })
    expect(find(offered, 'resource', 'readme')).toMatchObject({ uri: 'docs://readme', mimeType: 'text/markdown' })
    expect(find(offered, 'resourceTemplate', 'user').uriTemplate).toBe('users://{id}/profile')
    expect(find(offered, 'prompt', 'old_review').input).toMatchObject({
      properties: { lang: { type: 'string', description: 'Language' } },
      required: ['lang'],
    })
    expect(offered.every((one) => one.source === 'server.ts')).toBe(true)
  })

  it('answers tools, resources, templates, prompts and completions', async () => {
    const offered = await connect(source)
    expect(await call(offered, 'add', { a: 1, b: 2 })).toMatchObject({ structuredContent: { sum: 3 } })
    const read = await find(offered, 'resource', 'readme').read(new URL('docs://readme'), round())
    expect(read).toMatchObject({ contents: [{ uri: 'docs://readme', text: '# Hi' }] })
    const user = find(offered, 'resourceTemplate', 'user')
    expect(await user.read(new URL('users://7/profile'), { id: '7' }, round())).toMatchObject({
      contents: [{ text: 'user 7' }],
    })
    expect(await user.complete?.id?.('1', { ...round(), arguments: {} })).toEqual(['1', '12'])
    const review = find(offered, 'prompt', 'review')
    expect(await review.run({ lang: 'ts' } as never, round())).toMatchObject({
      messages: [{ content: { text: 'review ts' } }],
    })
    expect(await review.complete?.lang?.('t', { ...round(), arguments: { style: 'kind' } })).toEqual(['ts', 'kind'])
  })

  it.each(['leak', 'leak_sync', 'leak_text', 'leak_nothing', 'leak_code', 'leak_internal'])(
    'keeps to itself what %s throws, but tells the log',
    async (name) => {
      const failure = await failureOf(call(await connect(source), name))
      expect(failure.code).toBe('INTERNAL')
      expect(JSON.stringify([failure.message, failure.hint, failure.data])).not.toContain('hunter2')
      if (name === 'leak') expect(((failure.cause as Error).cause as Error).message).toBe(SECRET)
    },
  )

  it('keeps to itself what the validation, a resource and a prompt throw', async () => {
    const offered = await connect(source)
    const failures = [
      await failureOf(call(offered, 'leak_refine', { a: 'x' })),
      await failureOf(Promise.resolve(find(offered, 'resource', 'broken').read(new URL('docs://broken'), round()))),
      await failureOf(Promise.resolve(find(offered, 'prompt', 'broken').run({} as never, round()))),
    ]
    expect(failures.map(({ code }) => code)).toEqual(['INTERNAL', 'INTERNAL', 'INTERNAL'])
    expect(JSON.stringify(failures.map(({ message }) => message))).not.toContain('hunter2')
  })

  it('keeps to itself what a handler throws that was registered or replaced later', async () => {
    const offered = await connect(source)
    const changed = new Promise<readonly Offered[]>((resolve) => void connector.onChange?.(resolve))
    await call(offered, 'grow')
    expect((await failureOf(call(await changed, 'grown'))).code).toBe('INTERNAL')
    await failureOf(call(offered, 'leak'))
    await call(offered, 'shrink')
    expect((await failureOf(call(offered, 'leak'))).code).toBe('INTERNAL')
  })

  it('passes on what the author wants to be told', async () => {
    const offered = await connect(source)
    expect(await call(offered, 'deliberate')).toMatchObject({ isError: true, content: [{ text: 'Sold out.' }] })
    const refused = await failureOf(call(offered, 'refuse'))
    expect([refused.code, refused.message]).toEqual(['USER_ERROR', 'There is no invoice 17.'])
    const invalid = await failureOf(call(offered, 'invalid'))
    expect([invalid.code, invalid.message]).toEqual(['USER_ERROR', 'There is no customer 17.'])
    expect(JSON.stringify(await call(offered, 'add', { a: 'x' }))).toContain('Invalid arguments for tool add')
  })

  it('says no more than that the output was wrong', async () => {
    const failure = await failureOf(call(await connect(source), 'wrong'))
    expect(failure.code).toBe('INVALID_OUTPUT')
    expect(failure.message).not.toContain('hunter2')
  })

  it('says that a resource is not there', async () => {
    const offered = await connect(source)
    const template = find(offered, 'resourceTemplate', 'user')
    const failure = await failureOf(Promise.resolve(template.read(new URL('nowhere://x'), {}, round())))
    expect([failure.code, failure.data]).toEqual(['CAPABILITY_NOT_FOUND', { uri: 'nowhere://x' }])
  })

  it('passes on progress, log messages and trace context, but not the envelope', async () => {
    const meta = { traceparent: '00-aa-bb-01', 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
    const context = round({ meta })
    expect(await call(await connect(source), 'work', {}, context)).toMatchObject({ content: [{ text: '00-aa-bb-01' }] })
    expect(context.reports).toEqual([{ progress: 1, total: 2, message: 'half' }])
    expect(context.logs).toEqual([['info', 'working', 'w']])
  })

  it('tells the handler that nobody waits any more', async () => {
    const offered = await connect(source)
    const controller = new AbortController()
    const failing = failureOf(call(offered, 'hang', {}, round({ signal: controller.signal })))
    await vi.waitFor(async () => expect(await call(offered, 'add', { a: 1, b: 1 })).toBeDefined())
    controller.abort(new Error('gone'))
    await failing
    const { seen } = { seen: (globalThis as unknown as { toolgateTestSeen: { aborted: number } }).toolgateTestSeen }
    await vi.waitFor(() => expect(seen.aborted).toBe(1))
  })

  it('asks the user and goes on where it stopped, for each of two callers at once', async () => {
    const offered = await connect(source)
    const bob = { caller: { id: 'key:bob', name: 'Bob', roles: [] } }
    const [first, second] = (await Promise.all([
      call(offered, 'ask', {}, round()),
      call(offered, 'ask', {}, round(bob)),
    ])) as InputRequired[]
    expect(isInputRequired(first)).toBe(true)
    const [key = ''] = Object.keys(first?.requests ?? {})
    expect(first?.requests[key]).toMatchObject({ method: 'elicitation/create', params: { message: 'Sure?' } })
    const inputs = { [key]: { action: 'accept' as const, content: { sure: true } } }
    const done = await call(offered, 'ask', {}, round({ state: first?.state, inputs }))
    expect(JSON.stringify(done)).toContain('true')
    const declined = { [key]: { action: 'decline' as const } }
    const other = await call(offered, 'ask', {}, round({ ...bob, state: second?.state, inputs: declined }))
    expect(JSON.stringify(other)).toContain('decline')
  })

  it('asks together what is asked together, and again what was not answered', async () => {
    const offered = await connect(source)
    const first = (await call(offered, 'ask_all', {}, round())) as InputRequired
    const methods = Object.values(first.requests).map(({ method }) => method)
    expect(methods.sort()).toEqual(['elicitation/create', 'roots/list', 'sampling/createMessage'])
    const answers = {
      'elicitation/create': { action: 'decline' as const },
      'roots/list': { roots: [{ uri: 'file:///home' }] },
      'sampling/createMessage': { role: 'assistant' as const, content: { type: 'text', text: 'hi' }, model: 'm' },
    }
    const all = Object.fromEntries(Object.entries(first.requests).map(([key, { method }]) => [key, answers[method]]))
    const [one = ''] = Object.keys(all)
    const some = Object.fromEntries(Object.entries(all).filter(([key]) => key !== one))
    const second = (await call(offered, 'ask_all', {}, round({ state: first.state, inputs: some }))) as InputRequired
    expect(Object.keys(second.requests)).toEqual([one])
    const done = await call(offered, 'ask_all', {}, round({ state: second.state, inputs: all }))
    expect(JSON.stringify(done)).toContain('file:///home')
  })

  it('gives a waiting call to nobody but its caller, and only once', async () => {
    const offered = await connect(source)
    const asked = (await call(offered, 'ask', {}, round())) as InputRequired
    const inputs = { question1: { action: 'accept' as const, content: { sure: true } } }
    const thief = round({ caller: { id: 'key:eve', name: 'Eve', roles: [] }, state: asked.state, inputs })
    expect((await failureOf(call(offered, 'ask', {}, thief))).message).toContain('not waiting')
    expect(
      (await failureOf(call(offered, 'add', { a: 1, b: 1 }, round({ state: { parked: 'no' }, inputs })))).code,
    ).toBe('USER_ERROR')
    await call(offered, 'ask', {}, round({ state: asked.state, inputs }))
    expect((await failureOf(call(offered, 'ask', {}, round({ state: asked.state, inputs })))).code).toBe('USER_ERROR')
  })

  it('lets only so many calls wait, and each only so long', async () => {
    const offered = await connect(source, { parking: { max: 2, maxPerCaller: 1, ttlMs: 1_000 } })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const caller = (id: string): Partial<CallContext> => ({ caller: { id, name: id, roles: [] } })
    const first = (await call(offered, 'ask', {}, round(caller('ada')))) as InputRequired
    const second = (await call(offered, 'ask', {}, round(caller('ada')))) as InputRequired
    const gone = await failureOf(call(offered, 'ask', {}, round({ ...caller('ada'), state: first.state })))
    expect(gone.message).toContain('too late')
    expect(isInputRequired(await call(offered, 'ask', {}, round(caller('bob'))))).toBe(true)
    expect((await failureOf(call(offered, 'ask', {}, round(caller('eve'))))).message).toContain('Too many calls')
    vi.advanceTimersByTime(1_001)
    const late = await failureOf(call(offered, 'ask', {}, round({ ...caller('ada'), state: second.state })))
    expect(late.message).toContain('too late')
    expect(isInputRequired(await call(offered, 'ask', {}, round(caller('eve'))))).toBe(true)
  })

  it('leaves no call waiting for a client that cannot be asked', async () => {
    const offered = await connect(source)
    const asked = (await call(offered, 'ask', {}, round({ client: { capabilities: {} } }))) as InputRequired
    expect(asked.requests.question).toMatchObject({ method: 'elicitation/create', params: { message: 'Sure?' } })
    expect(asked.state).toBeUndefined()
  })

  it('sends the user to a page and calls again afterwards', async () => {
    const offered = await connect(source)
    const asked = (await call(offered, 'pages')) as InputRequired
    expect(asked.requests.page1).toEqual({
      method: 'elicitation/create',
      params: { mode: 'url', message: 'Sign in.', url: 'https://example.com/in' },
    })
    const again = round({ state: asked.state, inputs: { page1: { action: 'accept' } } })
    expect(isInputRequired(await call(offered, 'pages', {}, again))).toBe(true)
    const declined = round({ state: asked.state, inputs: { page1: { action: 'decline' } } })
    expect((await failureOf(call(offered, 'pages', {}, declined))).code).toBe('USER_ERROR')
  })

  it('announces changed lists and changed resources until nobody listens', async () => {
    const offered = await connect(source)
    const uris: string[] = []
    const stop = connector.onResourceUpdated?.((uri) => void uris.push(uri))
    await call(offered, 'touch')
    stop?.()
    const context = round()
    await call(offered, 'touch', {}, context)
    expect([uris, context.updated]).toEqual([['docs://readme'], ['docs://readme']])
    const changed = new Promise<readonly Offered[]>((resolve) => void connector.onChange?.(resolve))
    await call(offered, 'grow')
    expect(find(await changed, 'tool', 'grown').kind).toBe('tool')
  })

  it('serves an edited file after a reload, and what runs goes on', async () => {
    const offered = await connect(source)
    const asked = (await call(offered, 'ask', {}, round())) as InputRequired
    const same = await connector.reload?.(signal)
    expect(same).toHaveLength(offered.length)
    await project.write({ 'server.ts': source.replaceAll("'add'", "'sum'") })
    const edited = (await connector.reload?.(signal)) as readonly Offered[]
    expect(await call(edited, 'sum', { a: 1, b: 2 })).toMatchObject({ structuredContent: { sum: 3 } })
    const inputs = { question1: { action: 'accept' as const, content: { sure: true } } }
    expect(JSON.stringify(await call(edited, 'ask', {}, round({ state: asked.state, inputs })))).toContain('true')
  })

  it('keeps serving when an edit is broken', async () => {
    const offered = await connect(source)
    await project.write({ 'server.ts': 'export default 17' })
    expect((await failureOf(connector.reload?.(signal) as Promise<unknown>)).code).toBe('CONNECTOR_FAILED')
    expect(await call(offered, 'add', { a: 1, b: 2 })).toMatchObject({ structuredContent: { sum: 3 } })
  })
})

describe('what a file may export', () => {
  const make = (name: string): string => `
    import { McpServer } from '@modelcontextprotocol/server'
    const make = () => { const server = new McpServer({ name: 'x', version: '1.0.0' }); server.registerTool('${name}', {}, async () => ({ content: [] })); return server }`

  it('takes a function, also an asynchronous one', async () => {
    expect(await connect(`${make('a')}\nexport default make`)).toHaveLength(1)
    await connector.close()
    expect(await connect(`${make('a')}\nexport default async () => make()`)).toHaveLength(1)
  })

  it('serves one file in two connectors', async () => {
    const first = await connect(`${make('a')}\nexport default make()`)
    const second = createSdkConnector({ name: 'second', path: project.at('server.ts') })
    expect(await second.connect(signal)).toHaveLength(first.length)
    await second.close()
    expect(await call(first, 'a')).toEqual({ content: [] })
  })

  it.each([
    ['nothing', 'export const a = 1', 'does not export a server'],
    ['something else', 'export default { name: "x" }', 'does not export a server'],
    ['a function that fails', 'export default () => { throw new Error("no DATABASE_URL") }', 'no DATABASE_URL'],
    ['a file that throws', 'throw new Error("no DATABASE_URL")', 'no DATABASE_URL'],
    [
      'a server that is connected already',
      `${make('a')}\nconst server = make()\nawait server.connect({ start: async () => {}, send: async () => {}, close: async () => {} })\nexport default server`,
      'connects its server to a transport itself',
    ],
  ])('refuses %s', async (_, source, message) => {
    const failure = await failureOf(connect(source))
    expect(failure.code).toBe('CONNECTOR_FAILED')
    expect(failure.message).toContain(message)
    await connector.close()
  })

  it('refuses a path that is not a file', async () => {
    connector = createSdkConnector({ name: 'legacy', path: project.path })
    expect((await failureOf(connector.connect(signal))).message).toContain('There is no file')
  })

  it('stops waiting for a function that never answers', async () => {
    await project.write({ 'server.ts': 'export default () => new Promise(() => globalThis.toolgateTestHangs())' })
    connector = createSdkConnector({ name: 'legacy', path: project.at('server.ts') })
    const controller = new AbortController()
    const hangs = new Promise<void>((resolve) => void Object.assign(globalThis, { toolgateTestHangs: resolve }))
    const failing = failureOf(connector.connect(controller.signal))
    await hangs
    controller.abort(new Error('shutting down'))
    expect((await failing).code).toBe('CONNECTOR_FAILED')
  })
})

describe('a low-level server', () => {
  const server = (version: 1 | 2): string =>
    version === 1
      ? `
    import { Server } from '@modelcontextprotocol/sdk/server/index.js'
    import * as t from '@modelcontextprotocol/sdk/types.js'
    const server = new Server({ name: 'x', version: '1.0.0' }, { capabilities: { tools: {}, resources: { subscribe: true } } })
    const on = { 'tools/list': t.ListToolsRequestSchema, 'tools/call': t.CallToolRequestSchema, 'resources/list': t.ListResourcesRequestSchema, 'resources/templates/list': t.ListResourceTemplatesRequestSchema, 'resources/subscribe': t.SubscribeRequestSchema }
    const handle = (method, handler) => server.setRequestHandler(on[method], handler)`
      : `
    import { Server } from '@modelcontextprotocol/server'
    const server = new Server({ name: 'x', version: '1.0.0' }, { capabilities: { tools: {}, resources: { subscribe: true } } })
    const handle = (method, handler) => server.setRequestHandler(method, handler)`

  const body = `
    const named = (name) => ({ name, inputSchema: { type: 'object' } })
    handle('tools/list', (request) => request.params?.cursor === 'next' ? { tools: [named('c')] } : { tools: [named('a'), named('b')], nextCursor: 'next' })
    handle('resources/list', () => ({ resources: [{ name: 'r', uri: 'a://b' }] }))
    handle('resources/templates/list', () => ({ resourceTemplates: [] }))
    handle('resources/subscribe', (request) => { server.sendResourceUpdated({ uri: request.params.uri }); return {} })
    handle('tools/call', async (request) => {
      if (request.params.name === 'a') throw new Error('${SECRET}')
      if (request.params.name === 'b') throw '${SECRET}'
      return { content: [{ type: 'text', text: 'Sold out.' }], isError: true }
    })
    export default server`

  it.each([1, 2] as const)('is served as well, in version %s', async (version) => {
    await project.write({ 'server.ts': server(version) + body })
    connector = createSdkConnector({ name: 'legacy', path: project.at('server.ts') })
    const updates: string[] = []
    connector.onResourceUpdated?.((uri) => void updates.push(uri))
    const offered = await connector.connect(signal)
    expect(offered.map(({ definition }) => definition.name)).toEqual(['a', 'b', 'c', 'r'])
    expect(updates).toEqual(['a://b'])
    for (const name of ['a', 'b']) {
      const failure = await failureOf(call(offered, name))
      expect(failure.code).toBe('INTERNAL')
      expect(failure.message).not.toContain('hunter2')
    }
    expect(await call(offered, 'c')).toMatchObject({ isError: true, content: [{ text: 'Sold out.' }] })
  })

  it('says for the log that changed lists could not be read, and keeps what it had', async () => {
    const offered = await connect(`
      import { Server } from '@modelcontextprotocol/server'
      const server = new Server({ name: 'x', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } })
      let lists = 0
      server.setRequestHandler('tools/list', () => {
        lists += 1
        if (lists > 1) throw new Error('the database is away')
        return { tools: [{ name: 'a', inputSchema: { type: 'object' } }] }
      })
      server.setRequestHandler('tools/call', async () => { await server.sendToolListChanged(); return { content: [] } })
      export default server`)
    const heard: unknown[] = []
    connector.onChange?.((changed) => void heard.push(changed))
    const fault = new Promise<ToolgateError>((resolve) => void connector.onFault?.(resolve))
    await call(offered, 'a')
    expect(((await fault).cause as ToolgateError).message).toContain('the database is away')
    expect(heard).toEqual([])
    expect(await call(offered, 'a')).toEqual({ content: [] })
  })

  it('takes the text of errors for internal in a server whose tools cannot be watched', async () => {
    const odd = `
      let transport
      const answer = (message) => {
        const result = message.method === 'initialize' ? { capabilities: { tools: {} } }
          : message.method === 'tools/list' ? { tools: [{ name: 'a', inputSchema: { type: 'object' } }] }
          : { isError: true, content: [{ type: 'text', text: '${SECRET}' }] }
        if (message.id !== undefined) transport.send({ jsonrpc: '2.0', id: message.id, result })
      }
      const low = { connect: async () => {}, close: async () => {} }
      export default { server: low, connect: async (given) => { transport = given; given.onmessage = answer }, close: async () => {} }`
    const failure = await failureOf(call(await connect(odd), 'a'))
    expect(failure.code).toBe('INTERNAL')
  })

  it('asks nobody when it cannot be told who caused the question', async () => {
    const offered = await connect(`
      import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
      const server = new McpServer({ name: 'x', version: '1.0.0' })
      globalThis.toolgateTestAsk = () => server.server.elicitInput({ message: 'Hm?', requestedSchema: { type: 'object', properties: {} } })
      server.tool('wait', async (extra) => new Promise((resolve) => { globalThis.toolgateTestDone = () => resolve({ content: [] }) }))
      export default server`)
    const running = call(offered, 'wait')
    const world = globalThis as unknown as { toolgateTestAsk(): Promise<unknown>; toolgateTestDone?: () => void }
    await vi.waitFor(() => expect(world.toolgateTestDone).toBeDefined())
    await expect(world.toolgateTestAsk()).rejects.toThrow('outside of a call')
    world.toolgateTestDone?.()
    expect(await running).toEqual({ content: [] })
  })
})

it('answers at once when the server is gone', async () => {
  const offered = await connect(V2)
  const running = failureOf(call(offered, 'hang'))
  await connector.close()
  expect((await running).code).toBe('INTERNAL')
  expect(isUserError(await call(offered, 'add', { a: 1, b: 1 }).catch((thrown) => thrown))).toBe(false)
  await connector.close()
})

it('is a definition that the catalog can compile', async () => {
  const { compileCapability } = await import('../../capabilities/compile-capability.ts')
  const offered = await connect(V1)
  const compiled = offered.map(({ definition, source }) =>
    compileCapability(definition, { connector: 'legacy', source }),
  )
  expect(compiled.length).toBe(offered.length)
})
