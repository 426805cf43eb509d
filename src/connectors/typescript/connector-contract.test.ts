import { describe, it } from 'vitest'
import { type ConnectorUnderTest, connectorSuite } from '../../testkit/connector-suite.ts'
import { makeTemporaryProject } from '../../testkit/temporary-project.ts'
import { createTypescriptConnector } from './create-typescript-connector.ts'

const file = (name: string): string => `
  import { defineTool } from 'toolgate'
  console.log('loaded')
  export const tool = defineTool({
    name: '${name}',
    run: (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })`

async function create(): Promise<ConnectorUnderTest> {
  const project = await makeTemporaryProject({ files: { 'tools/a.ts': file('wait') }, packages: ['zod'] })
  return {
    connector: createTypescriptConnector({ name: 'tools', path: project.at('tools') }),
    change: () => project.write({ 'tools/a.ts': file('other') }),
    spoil: () => project.write({ 'tools/a.ts': 'const' }),
    hangs: { tool: 'wait' },
    remove: () => project.remove(),
  }
}

async function createBroken(): Promise<ConnectorUnderTest> {
  const project = await makeTemporaryProject({ files: { 'tools/a.ts': 'throw new Error("no")' }, packages: [] })
  return {
    connector: createTypescriptConnector({ name: 'tools', path: project.at('tools') }),
    remove: () => project.remove(),
  }
}

describe('the connector for a folder of TypeScript keeps the contract: it', () => {
  for (const { name, run } of connectorSuite({ create, createBroken })) it(name, run)
})
