import { createServer } from 'node:http'
import { createRequestListener } from '@remix-run/node-fetch-server'
import { ZodJsonSchemaAdapter } from '@tmcp/adapter-zod'
import { HttpTransport } from '@tmcp/transport-http'
import { StdioTransport } from '@tmcp/transport-stdio'
import { McpServer } from 'tmcp'
import * as z from 'zod'
import { add, makeTools, readArguments } from '../../servers/tools.mjs'

const { mode, tools, port } = readArguments()
const server = new McpServer(
  { name: 'bench', version: '1.0.0', description: 'bench' },
  { adapter: new ZodJsonSchemaAdapter(), capabilities: { tools: { listChanged: true } } },
)
for (const { name, description, input, output } of makeTools(z, tools)) {
  server.tool({ name, description, schema: input, outputSchema: output }, async (given) => add(given))
}

if (mode === 'stdio') new StdioTransport(server).listen()
else {
  const transport = new HttpTransport(server, { path: '/mcp' })
  const respond = async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 })
  createServer(createRequestListener(respond)).listen(port, '127.0.0.1')
}
