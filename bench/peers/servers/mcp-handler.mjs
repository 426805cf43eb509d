import { serve } from '@hono/node-server'
import { createMcpHandler } from 'mcp-handler'
import * as z from 'zod'
import { add, makeTools, readArguments } from '../../servers/tools.mjs'

const { tools: count, port } = readArguments()
const tools = makeTools(z, count)
const respond = createMcpHandler((server) => {
  for (const { name, description, input, output } of tools) {
    server.registerTool(name, { description, inputSchema: input, outputSchema: output }, add)
  }
})
serve({ fetch: respond, port, hostname: '127.0.0.1' })
