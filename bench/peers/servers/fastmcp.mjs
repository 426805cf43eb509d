import { FastMCP } from 'fastmcp'
import * as z from 'zod'
import { add, makeTools, readArguments } from '../../servers/tools.mjs'

const { mode, tools, port } = readArguments()
// By default it writes a line a request; the others write none either.
const silent = { debug() {}, error: console.error, info() {}, log() {}, warn() {} }
const server = new FastMCP({ name: 'bench', version: '1.0.0', logger: silent })
for (const { name, description, input, output } of makeTools(z, tools)) {
  server.addTool({ name, description, parameters: input, outputSchema: output, execute: async (given) => add(given) })
}

if (mode === 'stdio') await server.start({ transportType: 'stdio' })
else {
  const httpStream = { port, host: '127.0.0.1', endpoint: '/mcp', stateless: mode !== 'session' }
  await server.start({ transportType: 'httpStream', httpStream })
}
