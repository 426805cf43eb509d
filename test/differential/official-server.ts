import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type NodeIncomingMessageLike,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
} from '@modelcontextprotocol/node'
import {
  acceptedContent,
  type CallToolResult,
  completable,
  createMcpHandler,
  fromJsonSchema,
  type InputRequiredResult,
  inputRequired,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import {
  ADD_INPUT,
  ADD_OUTPUT,
  CITIES,
  ECHO_INPUT,
  GREET_ARGUMENTS,
  IDENTITY,
  LINK,
  NAME_FORM,
  PIXEL,
  TONES,
} from './offers.ts'

/** A server on the official SDK, on a port for each era. */
export interface OfficialServer {
  readonly modernPort: number
  readonly legacyPort: number
  close(): Promise<void>
}

/** Serves the same offers as the SDK's documentation says: a handler per request, and a transport per session. */
export async function startOfficialServer(): Promise<OfficialServer> {
  const serveModern = toNodeHandler(createMcpHandler(buildServer))
  const modern = createServer((request, response) => void serveModern(request as NodeIncomingMessageLike, response))
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  const legacy = createServer(async (request, response) => {
    const known = sessions.get(String(request.headers['mcp-session-id'] ?? ''))
    if (known !== undefined) return void known.handleRequest(request, response)
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    })
    await buildServer().connect(transport)
    return void transport.handleRequest(request, response)
  })
  return {
    modernPort: await listen(modern),
    legacyPort: await listen(legacy),
    close: async () => {
      await Promise.all([modern, legacy].map(end))
    },
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function end(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

const said = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] })

function buildServer(): McpServer {
  const server = new McpServer(IDENTITY, { capabilities: { logging: {} }, instructions: 'Compare me.' })
  registerTools(server)
  registerResources(server)
  server.registerPrompt(
    'greet',
    {
      title: 'Greeting',
      description: 'Greets somebody.',
      argsSchema: GREET_ARGUMENTS.extend({
        tone: completable(z.string(), (typed) => TONES.filter((tone) => tone.startsWith(typed ?? ''))).optional(),
      }),
    },
    ({ name, tone }) => {
      const text = `Greet ${name}${tone === undefined ? '' : `, ${tone}`}.`
      return { description: 'Greets somebody.', messages: [{ role: 'user', content: { type: 'text', text } }] }
    },
  )
  return server
}

function registerTools(server: McpServer): void {
  const echo = {
    title: 'Echo',
    description: 'Says it again.',
    annotations: { readOnlyHint: true },
    _meta: { 'com.example/kind': 'parrot' },
    inputSchema: fromJsonSchema<{ text: string }>(ECHO_INPUT),
  }
  server.registerTool('echo', echo, async ({ text }) => said(text))
  const add = {
    description: 'Adds two numbers.',
    inputSchema: fromJsonSchema<{ a: number; b: number }>(ADD_INPUT),
    outputSchema: fromJsonSchema<{ sum: number }>(ADD_OUTPUT),
  }
  server.registerTool('add', add, async ({ a, b }) => {
    const sum = { sum: a + b }
    return { ...said(JSON.stringify(sum)), structuredContent: sum }
  })
  server.registerTool('mixed', { description: 'Every kind of content.' }, async () => ({
    content: [
      { type: 'text', text: 'text', annotations: { audience: ['user'], priority: 1 } },
      { type: 'image', data: PIXEL, mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'note://text', mimeType: 'text/plain', text: 'hello' } },
      LINK,
    ],
  }))
  server.registerTool('broken', { description: 'Throws.' }, async () => {
    throw new Error('connection to db://root:hunter2@intern failed')
  })
  const wrong = { description: 'Breaks its own schema.', outputSchema: fromJsonSchema<{ sum: number }>(ADD_OUTPUT) }
  server.registerTool('wrong_output', wrong, async () => ({
    ...said('three'),
    structuredContent: { sum: 'three' } as never,
  }))
  server.registerTool('report', { description: 'Reports progress.' }, async (context) => {
    const { _meta, notify } = context.mcpReq
    const progressToken = _meta?.progressToken
    if (progressToken !== undefined) {
      await notify({
        method: 'notifications/progress',
        params: { progressToken, progress: 1, total: 2, message: 'half' },
      })
      await notify({ method: 'notifications/progress', params: { progressToken, progress: 2, total: 2 } })
    }
    return said('reported')
  })
  server.registerTool(
    'ask',
    { description: 'Asks for a name.' },
    async (context): Promise<CallToolResult | InputRequiredResult> => {
      const answer = acceptedContent(context.mcpReq.inputResponses, 'who', z.object({ name: z.string() }))
      if (answer !== undefined) return said(`Hello, ${answer.name}!`)
      const form = inputRequired.elicit({ message: 'Who are you?', requestedSchema: NAME_FORM })
      return inputRequired({ inputRequests: { who: form } })
    },
  )
}

function registerResources(server: McpServer): void {
  const about = { title: 'A text', description: 'Some text.', mimeType: 'text/plain' }
  server.registerResource('text', 'note://text', about, async ({ href }) => ({
    contents: [{ uri: href, mimeType: 'text/plain', text: 'hello' }],
  }))
  server.registerResource('bytes', 'note://bytes', { mimeType: 'image/png' }, async ({ href }) => ({
    contents: [{ uri: href, mimeType: 'image/png', blob: PIXEL }],
  }))
  const template = new ResourceTemplate('city://{name}', {
    list: undefined,
    complete: { name: (typed) => CITIES.filter((city) => city.startsWith(typed)) },
  })
  server.registerResource(
    'city',
    template,
    { description: 'A city.', mimeType: 'text/plain' },
    async ({ href }, { name }) => ({
      contents: [{ uri: href, mimeType: 'text/plain', text: `The city of ${String(name)}.` }],
    }),
  )
}
