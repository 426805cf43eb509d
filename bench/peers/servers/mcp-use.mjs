import { MCPServer } from 'mcp-use'
import * as z from 'zod'
import { add, makeTools, readArguments } from '../../servers/tools.mjs'

const { tools, port } = readArguments()
const server = new MCPServer({ name: 'bench', version: '1.0.0', logging: { enabled: false } })
for (const { name, description, input, output } of makeTools(z, tools)) {
  server.tool({ name, description, inputSchema: input, outputSchema: output }, async (given) => add(given))
}
await server.listen(port, { host: '127.0.0.1' })
