import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { InMemorySessionAdapter, McpServer, StreamableHttpTransport } from 'mcp-lite'
import * as z from 'zod'
import { add, makeTools, readArguments } from '../../servers/tools.mjs'

const { mode, tools, port } = readArguments()
const server = new McpServer({
  name: 'bench',
  version: '1.0.0',
  schemaAdapter: (schema) => z.toJSONSchema(schema),
})
for (const { name, description, input, output } of makeTools(z, tools)) {
  server.tool(name, { description, inputSchema: input, outputSchema: output, handler: add })
}

const sessions = { sessionAdapter: new InMemorySessionAdapter({ maxEventBufferSize: 1024 }) }
const respond = new StreamableHttpTransport(mode === 'session' ? sessions : {}).bind(server)
const app = new Hono()
app.all('/mcp', (context) => respond(context.req.raw))
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
