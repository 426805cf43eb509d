import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import * as z from 'zod'
import { add, makeTools, readArguments } from './tools.mjs'

const { mode, tools: count, port } = readArguments()
// Schemas are made once: only what the SDK itself builds per request is measured.
const tools = makeTools(z, count)

function createMcpServer() {
  const server = new McpServer({ name: 'bench', version: '1.0.0' })
  for (const tool of tools) {
    const { name, description, input, output } = tool
    server.registerTool(name, { description, inputSchema: input, outputSchema: output }, add)
  }
  return server
}

function serveSessions() {
  const transports = new Map()
  return async (request, response) => {
    const known = transports.get(request.headers['mcp-session-id'])
    if (known) return known.handleRequest(request, response)
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => transports.set(id, transport),
    })
    await createMcpServer().connect(transport)
    return transport.handleRequest(request, response)
  }
}

if (mode === 'stdio') serveStdio(createMcpServer)
else {
  const listener = mode === 'session' ? serveSessions() : toNodeHandler(createMcpHandler(createMcpServer))
  createServer((request, response) => void listener(request, response)).listen(port, '127.0.0.1')
}
