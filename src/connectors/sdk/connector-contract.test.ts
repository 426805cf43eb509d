import { describe, it } from 'vitest'
import { type ConnectorUnderTest, connectorSuite } from '../../testkit/connector-suite.ts'
import { makeTemporaryProject } from '../../testkit/temporary-project.ts'
import { createSdkConnector } from './create-sdk-connector.ts'

const V1 = (name: string): string => `
  import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
  const server = new McpServer({ name: 'x', version: '1.0.0' })
  server.tool('${name}', (extra) => new Promise((_, reject) => extra.signal.addEventListener('abort', reject)))
  export default server`

const V2 = (name: string): string => `
  import { McpServer } from '@modelcontextprotocol/server'
  const server = new McpServer({ name: 'x', version: '1.0.0' })
  server.registerTool('${name}', {}, (ctx) => new Promise((_, reject) => ctx.mcpReq.signal.addEventListener('abort', reject)))
  export default server`

async function create(file: (name: string) => string): Promise<ConnectorUnderTest> {
  const packages = ['@modelcontextprotocol/sdk', '@modelcontextprotocol/server']
  const project = await makeTemporaryProject({ files: { 'server.ts': file('wait') }, packages })
  return {
    connector: createSdkConnector({ name: 'legacy', path: project.at('server.ts') }),
    change: () => project.write({ 'server.ts': file('other') }),
    spoil: () => project.write({ 'server.ts': 'export default 17' }),
    hangs: { tool: 'wait' },
    remove: () => project.remove(),
  }
}

const createBroken = (): ConnectorUnderTest => ({
  connector: createSdkConnector({ name: 'legacy', path: '/nowhere/server.ts' }),
})

describe.each([
  ['1', V1],
  ['2', V2],
])('the connector for a server of the SDK version %s keeps the contract: it', (_, file) => {
  for (const { name, run } of connectorSuite({ create: () => create(file), createBroken })) it(name, run)
})
