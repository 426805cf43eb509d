import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import * as z from 'zod'
import { add, makeTools, readArguments } from './tools.mjs'

const { mode, tools: count, port } = readArguments()
const tools = makeTools(z, count)

function createMcpServer() {
  const server = new McpServer({ name: 'bench', version: '1.0.0' })
  for (const tool of tools) {
    const { name, description, input, output } = tool
    server.registerTool(name, { description, inputSchema: input.shape, outputSchema: output.shape }, add)
  }
  return server
}

const transports = new Map()

async function serveSession(request, response) {
  const known = transports.get(request.headers['mcp-session-id'])
  if (known) return known.handleRequest(request, response)
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => transports.set(id, transport),
  })
  await createMcpServer().connect(transport)
  return transport.handleRequest(request, response)
}

if (mode === 'stdio') await createMcpServer().connect(new StdioServerTransport())
else createServer((request, response) => void serveSession(request, response)).listen(port, '127.0.0.1')
