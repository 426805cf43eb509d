import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  collect,
  fetchThatTellsOfStream,
  progressOf,
  recordWire,
  type ServedOverHttp,
  serveOverHttp,
  stdioParameters,
} from '../fixtures/official-clients.ts'

type Mode = 'legacy' | 'auto' | { pin: string }

interface Connected {
  readonly client: Client
  /** Every message received so far. */
  readonly wire: () => string
  /** The server's log so far. */
  readonly log: () => string
}

let server: ServedOverHttp

beforeAll(async () => {
  server = await serveOverHttp()
})

afterAll(() => server.close())

describe.each([
  { way: 'HTTP', revision: '2026-07-28', mode: { pin: '2026-07-28' }, connect: connectOverHttp },
  { way: 'HTTP', revision: '2025-11-25', mode: 'legacy' as const, connect: connectOverHttp },
  { way: 'stdio', revision: '2026-07-28', mode: { pin: '2026-07-28' }, connect: connectOverStdio },
  { way: 'stdio', revision: '2025-11-25', mode: 'legacy' as const, connect: connectOverStdio },
])('the official client v2 over $way, revision $revision', ({ revision, mode, connect }) => {
  const isModern = revision === '2026-07-28'
  let connected: Connected
  let client: Client

  beforeAll(async () => {
    connected = await connect(createClient(mode))
    client = connected.client
  })

  afterAll(() => client.close())

  test('learns who it talks to and what is on offer', () => {
    expect(client.getNegotiatedProtocolVersion()).toBe(revision)
    expect(client.getServerVersion()).toMatchObject({ name: 'toolgate-conformance', version: '1.0.0' })
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      completions: {},
    })
  })

  test('lists everything, page by page, in order of name', async () => {
    const { tools } = await client.listTools()
    const names = tools.map((tool) => tool.name)
    expect(names.length).toBeGreaterThan(25)
    expect(names).toEqual([...new Set(names)].sort())
    expect(names).toEqual(await walkPages(client, 'tools/list'))
    expect((await client.listPrompts()).prompts.map((prompt) => prompt.name)).toContain('test_simple_prompt')
    expect((await client.listResources()).resources.map((resource) => resource.uri)).toContain('test://static-text')
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates.map((template) => template.uriTemplate)).toEqual(['test://template/{id}/data'])
  })

  test('is told that a cursor is not one of this list', async () => {
    await expect(client.listTools({ cursor: 'bm90LW1pbmU' })).rejects.toMatchObject({ code: -32602 })
    const page = await client.request({ method: 'tools/list', params: {} })
    const cursor = page.nextCursor!
    await expect(client.listPrompts({ cursor })).rejects.toMatchObject({ code: -32602 })
  })

  test('calls a tool and gets its structured output', async () => {
    const result = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } })
    expect(result.structuredContent).toEqual({ sum: 5 })
    expect(JSON.parse(textOf(result))).toEqual({ sum: 5 })
    expect(result.isError).not.toBe(true)
  })

  test('calls a tool whose argument goes into a header', async () => {
    const result = await client.callTool({ name: 'test_x_mcp_header', arguments: { region: 'Żuławy' } })
    expect(textOf(result)).toBe('Region: Żuławy')
  })

  test('reads text, bytes and a template', async () => {
    const text = await client.readResource({ uri: 'test://static-text' })
    expect(text.contents).toMatchObject([{ mimeType: 'text/plain', text: expect.stringContaining('static text') }])
    const bytes = await client.readResource({ uri: 'test://static-binary' })
    expect(bytes.contents).toMatchObject([{ mimeType: 'image/png', blob: expect.stringMatching(/^iVBORw0KGgo/) }])
    const data = await client.readResource({ uri: 'test://template/17/data' })
    expect(JSON.parse((data.contents[0] as { text: string }).text)).toMatchObject({ id: '17' })
  })

  test('gets a prompt with its arguments and completes them', async () => {
    const prompt = await client.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'x', arg2: 'y' } })
    expect(prompt.messages[0]?.content).toMatchObject({ type: 'text', text: expect.stringContaining("arg1='x'") })
    const ref = { type: 'ref/prompt' as const, name: 'test_prompt_with_arguments' }
    const completed = await client.complete({ ref, argument: { name: 'arg1', value: 'par' } })
    expect(completed.completion.values).toEqual(['paris', 'park', 'party'])
    const template = { type: 'ref/resource' as const, uri: 'test://template/{id}/data' }
    const ids = await client.complete({ ref: template, argument: { name: 'id', value: '12' } })
    expect(ids.completion.values).toEqual(['123', '124'])
  })

  test('sees the progress of a call, in order', async () => {
    const seen: unknown[] = []
    const onprogress = (progress: { progress: number; total?: number | undefined }): void => {
      seen.push([progress.progress, progress.total])
    }
    const result = await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, { onprogress })
    expect(result.isError).not.toBe(true)
    expect(seen.slice(0, 2)).toEqual([
      [0, 100],
      [50, 100],
    ])
    expect(progressOf(connected.wire())).toEqual([0, 50, 100])
  })

  test('gets log messages of the level it asked for', async () => {
    const messages: unknown[] = []
    client.setNotificationHandler('notifications/message', (message) => {
      messages.push(message.params)
    })
    if (!isModern) await client.setLoggingLevel('info')
    const _meta = isModern ? { 'io.modelcontextprotocol/logLevel': 'info' } : undefined
    await client.callTool({ name: 'test_logging_tool', arguments: {}, ...(_meta ? { _meta } : {}) })
    expect(messages).toEqual([expect.objectContaining({ level: 'info', data: 'Tool executed' })])
  })

  test('is asked for a form by the same handler in either era, and may decline', async () => {
    const asked: unknown[] = []
    client.setRequestHandler('elicitation/create', (request) => {
      asked.push(request.params.message)
      return { action: 'accept', content: { username: 'ada', email: 'ada@example.com' } }
    })
    const call = { name: 'test_elicitation', arguments: { message: 'Who are you?' } }
    expect(textOf(await client.callTool(call))).toContain('"username":"ada"')
    expect(asked).toEqual(['Who are you?'])
    client.setRequestHandler('elicitation/create', () => ({ action: 'decline' }))
    expect(textOf(await client.callTool(call))).toContain('action=decline')
  })

  test('is asked in several rounds', async () => {
    client.setRequestHandler('elicitation/create', (request) => {
      const isFirst = request.params.message.startsWith('Step 1')
      return { action: 'accept', content: isFirst ? { name: 'Ada' } : { color: 'blue' } }
    })
    const result = await client.callTool({ name: 'test_input_required_result_multi_round', arguments: {} })
    expect(textOf(result)).toBe('Ada likes blue.')
  })

  test('is asked before a prompt or a resource answers', async () => {
    client.setRequestHandler('elicitation/create', () => ({
      action: 'accept',
      content: { name: 'Ada', context: 'engines' },
    }))
    const prompt = await client.getPrompt({ name: 'test_input_required_result_prompt' })
    expect(prompt.messages[0]?.content).toMatchObject({ text: 'Use this context: engines' })
    const resource = await client.readResource({ uri: 'test://your-name' })
    expect(resource.contents).toMatchObject([{ text: 'Hello, Ada!' }])
  })

  test('is asked for a completion of its model and for its roots', async () => {
    client.setRequestHandler('sampling/createMessage', () => ({
      role: 'assistant',
      model: 'mock',
      content: { type: 'text', text: 'forty-two' },
    }))
    client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///srv/data' }] }))
    const sampled = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'The answer?' } })
    expect(textOf(sampled)).toBe('LLM response: forty-two')
    const roots = await client.callTool({ name: 'test_input_required_result_list_roots', arguments: {} })
    expect(textOf(roots)).toBe('Roots: file:///srv/data')
  })

  test('cancels a call, and the handler learns of it', async () => {
    const before = await countCancellations(client)
    const stop = await watchResource(client, 'test://cancellations')
    const updated = next(client, 'notifications/resources/updated')
    const controller = new AbortController()
    const options = { signal: controller.signal, onprogress: () => controller.abort() }
    await expect(client.callTool({ name: 'hang', arguments: {} }, options)).rejects.toThrow()
    await updated
    expect(await countCancellations(client)).toBe(before + 1)
    await stop()
  })

  test('gives up after its own time-out, and the handler learns of it', async () => {
    const before = await countCancellations(client)
    const stop = await watchResource(client, 'test://cancellations')
    const updated = next(client, 'notifications/resources/updated')
    await expect(client.callTool({ name: 'hang', arguments: {} }, { timeout: 100 })).rejects.toThrow(/timed out/i)
    await updated
    expect(await countCancellations(client)).toBe(before + 1)
    await stop()
  })

  test('is told when the lists of tools and prompts change', async () => {
    const subscription = isModern
      ? await client.listen({ toolsListChanged: true, promptsListChanged: true })
      : undefined
    const toolsChanged = next(client, 'notifications/tools/list_changed')
    await client.callTool({ name: 'test_trigger_tool_change', arguments: {} })
    await toolsChanged
    const promptsChanged = next(client, 'notifications/prompts/list_changed')
    await client.callTool({ name: 'test_trigger_prompt_change', arguments: {} })
    await promptsChanged
    await subscription?.close()
  })

  test('is told of the resource it subscribed to and of no other', async () => {
    const updates: string[] = []
    const stop = await watchResource(client, 'test://watched-resource')
    const updated = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        updates.push(params.uri)
        if (params.uri === 'test://watched-resource') resolve()
      })
    })
    await client.callTool({ name: 'touch_watched_resource', arguments: {} })
    await updated
    expect(updates).toEqual(['test://watched-resource'])
    await stop()
  })

  test('is told that a tool, a prompt or a resource does not exist', async () => {
    await expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toMatchObject({ code: -32602 })
    await expect(client.getPrompt({ name: 'no_such_prompt' })).rejects.toMatchObject({ code: -32602 })
    const reading = client.readResource({ uri: 'test://no-such' })
    // The client tells both eras' codes as one; the wire has what the revision says.
    await expect(reading).rejects.toMatchObject({ code: -32602, data: { uri: 'test://no-such' } })
    expect(connected.wire().includes('"code":-32002')).toBe(!isModern)
  })

  test('is told every argument that is wrong, by name', async () => {
    const result = await client.callTool({ name: 'add', arguments: { a: 'two', c: 1 } })
    expect(result.isError).toBe(true)
    for (const name of ['`a`', '`b`', '`c`']) expect(textOf(result)).toContain(name)
  })

  test('never sees the text of an unexpected error; the log has it under the same call id', async () => {
    const result = await client.callTool({ name: 'leak', arguments: {} })
    expect(result.isError).toBe(true)
    const failures = [
      await failureOf(client.readResource({ uri: 'test://leak' })),
      await failureOf(client.getPrompt({ name: 'leak' })),
      await failureOf(
        client.complete({ ref: { type: 'ref/prompt', name: 'leak' }, argument: { name: 'word', value: '' } }),
      ),
    ]
    for (const failure of failures) expect(failure).toMatchObject({ code: -32603 })
    expect(connected.wire()).toContain('"isError":true')
    expect(connected.wire()).not.toMatch(/hunter2|10\.0\.0\.7|stories\.ts/)
    const data = failures[0]?.data as { callId: string }
    const lineOf = (callId: string): string | undefined =>
      connected
        .log()
        .split('\n')
        .find((found) => found.includes(callId))
    // Lines of the log are written a few milliseconds later, together.
    await expect.poll(() => lineOf(data.callId)).toContain('password=[masked]')
  })
})

test('the official client v2 left to choose takes the newest revision', async () => {
  const { client } = await connectOverHttp(createClient('auto'))
  expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28')
  await client.close()
})

test('a client that declared nothing is told what a tool needs', async () => {
  const client = new Client({ name: 'mute', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url)))
  const call = client.callTool({ name: 'test_sampling', arguments: { prompt: 'Hello?' } })
  await expect(call).rejects.toMatchObject({ code: -32021, data: { requiredCapabilities: { sampling: {} } } })
  await client.close()
})

function createClient(mode: Mode): Client {
  const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} }
  return new Client({ name: 'stories', version: '1.0.0' }, { capabilities, versionNegotiation: { mode } })
}

async function connectOverHttp(client: Client): Promise<Connected> {
  const { fetch, opened } = fetchThatTellsOfStream()
  const transport = new StreamableHTTPClientTransport(new URL(server.url), { fetch })
  await client.connect(transport)
  if (client.getProtocolEra() === 'legacy') await opened
  return { client, wire: recordWire(transport), log: server.log }
}

async function connectOverStdio(client: Client): Promise<Connected> {
  const transport = new StdioClientTransport(stdioParameters())
  const log = collect(transport.stderr as NodeJS.ReadableStream | null)
  await client.connect(transport)
  return { client, wire: recordWire(transport), log }
}

async function walkPages(client: Client, method: 'tools/list'): Promise<string[]> {
  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await client.request({ method, params: cursor === undefined ? {} : { cursor } })
    expect(page.tools.length).toBeLessThanOrEqual(7)
    names.push(...page.tools.map((tool) => tool.name))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return names
}

/** Subscribes in the way of the client's era. Returns how to stop. */
async function watchResource(client: Client, uri: string): Promise<() => Promise<unknown>> {
  if (client.getProtocolEra() === 'modern') {
    const subscription = await client.listen({ resourceSubscriptions: [uri] })
    return () => subscription.close()
  }
  await client.subscribeResource({ uri })
  return () => client.unsubscribeResource({ uri })
}

/** The next notification of a method. */
function next(
  client: Client,
  method: 'notifications/resources/updated' | 'notifications/tools/list_changed' | 'notifications/prompts/list_changed',
): Promise<void> {
  return new Promise((resolve) => client.setNotificationHandler(method, () => resolve()))
}

async function countCancellations(client: Client): Promise<number> {
  const { contents } = await client.readResource({ uri: 'test://cancellations' })
  return Number((contents[0] as { text: string }).text)
}

async function failureOf(request: Promise<unknown>): Promise<ProtocolError | undefined> {
  return request.then(
    () => undefined,
    (error: unknown) => (error instanceof ProtocolError ? error : undefined),
  )
}

function textOf(result: { content: readonly unknown[] }): string {
  return (result.content as { text?: string }[]).map((block) => block.text ?? '').join('\n')
}
