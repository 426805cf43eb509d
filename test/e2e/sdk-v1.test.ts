import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  McpError,
  PromptListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
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

interface Connected {
  /** Every message received so far. */
  readonly wire: () => string
  /** The server's log so far. */
  readonly log: () => string
  readonly end: () => Promise<void>
}

let server: ServedOverHttp

beforeAll(async () => {
  server = await serveOverHttp()
})

afterAll(() => server.close())

describe.each([
  { way: 'HTTP', connect: connectOverHttp },
  { way: 'stdio', connect: connectOverStdio },
])('the official SDK v1 client over $way', ({ connect }) => {
  let client: Client
  let connected: Connected

  beforeAll(async () => {
    const capabilities = { elicitation: {}, sampling: {}, roots: {} }
    client = new Client({ name: 'stories', version: '1.0.0' }, { capabilities })
    connected = await connect(client)
  })

  afterAll(() => connected.end())

  test('learns who it talks to, and the server is alive', async () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'toolgate-conformance', version: '1.0.0' })
    expect(client.getServerCapabilities()).toMatchObject({ logging: {}, resources: { subscribe: true } })
    expect(await client.ping()).toEqual({})
  })

  test('walks the pages of every list', async () => {
    const tools: string[] = []
    let cursor: string | undefined
    do {
      const page = await client.listTools(cursor === undefined ? {} : { cursor })
      expect(page.tools.length).toBeLessThanOrEqual(7)
      tools.push(...page.tools.map((tool) => tool.name))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(tools.length).toBeGreaterThan(25)
    expect(tools).toEqual([...new Set(tools)].sort())
    expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0)
    expect((await client.listResources()).resources.length).toBeGreaterThan(0)
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates.map((template) => template.uriTemplate)).toEqual(['test://template/{id}/data'])
    await expect(client.listTools({ cursor: 'bm90LW1pbmU' })).rejects.toMatchObject({ code: -32602 })
  })

  test('calls a tool and gets its structured output', async () => {
    const result = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } })
    expect(result.structuredContent).toEqual({ sum: 5 })
    expect(JSON.parse(textOf(result))).toEqual({ sum: 5 })
  })

  test('reads a resource, gets a prompt, completes an argument', async () => {
    const { contents } = await client.readResource({ uri: 'test://template/17/data' })
    expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject({ id: '17' })
    const prompt = await client.getPrompt({ name: 'test_prompt_with_image' })
    expect(prompt.messages.map((message) => message.content.type)).toEqual(['image', 'text'])
    const ref = { type: 'ref/prompt' as const, name: 'test_prompt_with_arguments' }
    const completed = await client.complete({ ref, argument: { name: 'arg1', value: 'part' } })
    expect(completed.completion.values).toEqual(['party'])
  })

  test('sees progress and log messages', async () => {
    const seen: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => {
      seen.push(progress)
    }
    await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, undefined, { onprogress })
    expect(seen.slice(0, 2)).toEqual([0, 50])
    expect(progressOf(connected.wire())).toEqual([0, 50, 100])
    const messages: unknown[] = []
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      messages.push(params.data)
    })
    await client.setLoggingLevel('info')
    await client.callTool({ name: 'test_logging_tool', arguments: {} })
    expect(messages).toEqual(['Tool executed'])
    await expect(client.setLoggingLevel('loud' as 'info')).rejects.toMatchObject({ code: -32602 })
  })

  test('is asked for forms, completions and roots', async () => {
    client.setRequestHandler(ElicitRequestSchema, () => ({
      action: 'accept',
      content: { username: 'ada', email: 'ada@example.com' },
    }))
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: 'assistant',
      model: 'mock',
      content: { type: 'text', text: 'forty-two' },
    }))
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///srv/data' }] }))
    const form = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Who are you?' } })
    expect(textOf(form)).toContain('"username":"ada"')
    const sampled = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'The answer?' } })
    expect(textOf(sampled)).toBe('LLM response: forty-two')
    const all = await client.callTool({ name: 'test_input_required_result_multiple_inputs', arguments: {} })
    expect(textOf(all)).toMatch(/action=accept.*; forty-two; Roots: file:\/\/\/srv\/data/)
  })

  test('cancels a call, and the handler learns of it', async () => {
    const before = await countCancellations(client)
    await client.subscribeResource({ uri: 'test://cancellations' })
    const updated = new Promise<void>((resolve) => {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => resolve())
    })
    const controller = new AbortController()
    const options = { signal: controller.signal, onprogress: () => controller.abort() }
    await expect(client.callTool({ name: 'hang', arguments: {} }, undefined, options)).rejects.toThrow()
    await updated
    expect(await countCancellations(client)).toBe(before + 1)
    await client.unsubscribeResource({ uri: 'test://cancellations' })
  })

  test('gives up after its own time-out, and the handler learns of it', async () => {
    const before = await countCancellations(client)
    await client.subscribeResource({ uri: 'test://cancellations' })
    const updated = new Promise<void>((resolve) => {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => resolve())
    })
    const called = client.callTool({ name: 'hang', arguments: {} }, undefined, { timeout: 100 })
    await expect(called).rejects.toThrow(/timed out/i)
    await updated
    expect(await countCancellations(client)).toBe(before + 1)
    await client.unsubscribeResource({ uri: 'test://cancellations' })
  })

  test('is told of changed lists and of the resource it subscribed to, and of no other', async () => {
    const tools = new Promise<void>((resolve) => {
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve())
    })
    const prompts = new Promise<void>((resolve) => {
      client.setNotificationHandler(PromptListChangedNotificationSchema, () => resolve())
    })
    await client.callTool({ name: 'test_trigger_tool_change', arguments: {} })
    await client.callTool({ name: 'test_trigger_prompt_change', arguments: {} })
    await Promise.all([tools, prompts])
    const updates: string[] = []
    await client.subscribeResource({ uri: 'test://watched-resource' })
    const updated = new Promise<void>((resolve) => {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
        updates.push(params.uri)
        if (params.uri === 'test://watched-resource') resolve()
      })
    })
    await client.callTool({ name: 'touch_watched_resource', arguments: {} })
    await updated
    expect(updates).toEqual(['test://watched-resource'])
  })

  test('is told what does not exist and which arguments are wrong', async () => {
    await expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toMatchObject({ code: -32602 })
    await expect(client.readResource({ uri: 'test://no-such' })).rejects.toMatchObject({ code: -32002 })
    const result = await client.callTool({ name: 'add', arguments: { a: 'two', c: 1 } })
    expect(result.isError).toBe(true)
    for (const name of ['`a`', '`b`', '`c`']) expect(textOf(result)).toContain(name)
  })

  test('never sees the text of an unexpected error; the log has it', async () => {
    const result = await client.callTool({ name: 'leak', arguments: {} })
    expect(result.isError).toBe(true)
    await expect(client.readResource({ uri: 'test://leak' })).rejects.toBeInstanceOf(McpError)
    await expect(client.getPrompt({ name: 'leak' })).rejects.toBeInstanceOf(McpError)
    expect(connected.wire()).toContain('"isError":true')
    expect(connected.wire()).not.toMatch(/hunter2|10\.0\.0\.7|stories\.ts/)
    await expect.poll(() => connected.log()).toContain('password=[masked]')
  })
})

async function connectOverHttp(client: Client): Promise<Connected> {
  const { fetch, opened } = fetchThatTellsOfStream()
  const transport = new StreamableHTTPClientTransport(new URL(server.url), { fetch })
  // Its own types miss `exactOptionalPropertyTypes`.
  await client.connect(transport as Parameters<Client['connect']>[0])
  await opened
  const end = async (): Promise<void> => {
    await transport.terminateSession()
    await client.close()
  }
  return { wire: recordWire(transport), log: server.log, end }
}

async function connectOverStdio(client: Client): Promise<Connected> {
  const transport = new StdioClientTransport(stdioParameters())
  const log = collect(transport.stderr as NodeJS.ReadableStream | null)
  await client.connect(transport)
  return { wire: recordWire(transport), log, end: () => client.close() }
}

async function countCancellations(client: Client): Promise<number> {
  const { contents } = await client.readResource({ uri: 'test://cancellations' })
  return Number((contents[0] as { text: string }).text)
}

function textOf(result: object): string {
  const { content } = result as { content: { text?: string }[] }
  return content.map((block) => block.text ?? '').join('\n')
}
