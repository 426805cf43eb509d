import { describe, it } from 'vitest'
import { type ConnectorUnderTest, connectorSuite } from '../../testkit/connector-suite.ts'
import { makeTemporaryProject } from '../../testkit/temporary-project.ts'
import { createSkillsConnector } from './create-skills-connector.ts'

const manifest = (name: string): string => `---\nname: ${name}\ndescription: A skill.\n---\n# ${name}\n`

async function create(): Promise<ConnectorUnderTest> {
  const project = await makeTemporaryProject({ files: { 'skills/first/SKILL.md': manifest('first') } })
  return {
    connector: createSkillsConnector({ name: 'skills', path: project.at('skills') }),
    change: () => project.write({ 'skills/second/SKILL.md': manifest('second') }),
    spoil: () => project.write({ 'skills/first/SKILL.md': 'no head' }),
    remove: () => project.remove(),
  }
}

async function createBroken(): Promise<ConnectorUnderTest> {
  const project = await makeTemporaryProject()
  return {
    connector: createSkillsConnector({ name: 'skills', path: project.at('missing') }),
    remove: () => project.remove(),
  }
}

describe('the connector for a folder of skills keeps the contract: it', () => {
  for (const { name, run } of connectorSuite({ create, createBroken })) it(name, run)
})
