import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, createApp, loadConfig } from 'toolgate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeTemporaryProject, type TemporaryProject } from '../../testkit/temporary-project.ts'

const SECRET = 'the vault is db7.internal'

const V1 = `
  import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
  const server = new McpServer({ name: 'x', version: '1.0.0' })
  const text = (value) => ({ content: [{ type: 'text', text: value }] })
  server.tool('leak', async () => { throw new Error('${SECRET}') })
  server.tool('ask', async () => {
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } }
    const first = await server.server.elicitInput({ message: 'First name?', requestedSchema })
    const last = await server.server.elicitInput({ message: 'Last name?', requestedSchema })
    return text(first.content.name + ' ' + last.content.name)
  })
  server.resource('leak', 'docs://leak', async () => { throw new Error('${SECRET}') })
  server.prompt('leak', () => { throw new Error('${SECRET}') })
  export default server`

const V2 = `
  import { McpServer, inputRequired } from '@modelcontextprotocol/server'
  import * as z from 'zod/v4'
  const server = new McpServer({ name: 'x', version: '1.0.0' })
  const text = (value) => ({ content: [{ type: 'text', text: value }] })
  const question = (message) => inputRequired.elicit({ message, requestedSchema: z.object({ name: z.string() }) })
  server.registerTool('leak', {}, async () => { throw new Error('${SECRET}') })
  server.registerTool('ask', {}, async (ctx) => {
    const { first, last } = ctx.mcpReq.inputResponses ?? {}
    if (first === undefined && last === undefined) return inputRequired({ inputRequests: { first: question('First name?') }, requestState: '1' })
    if (last === undefined) return inputRequired({ inputRequests: { last: question('Last name?') }, requestState: first.content.name })
    return text(ctx.mcpReq.requestState() + ' ' + last.content.name)
  })
  server.registerResource('leak', 'docs://leak', {}, async () => { throw new Error('${SECRET}') })
  server.registerPrompt('leak', {}, () => { throw new Error('${SECRET}') })
  export default server`

const NAMES: Readonly<Record<string, string>> = { 'First name?': 'Ada', 'Last name?': 'Lovelace' }
const answer = (question: unknown): object => {
  const { params } = question as { params: { message: string } }
  return { action: 'accept', content: { name: NAMES[params.message] } }
}

describe.each([
  ['1', V1],
  ['2', V2],
])('a server of the SDK version %s behind the guards', (_, source) => {
  const log: string[] = []
  let project: TemporaryProject
  let directory: string
  let app: App

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'toolgate-test-'))
    project = await makeTemporaryProject({
      packages: ['zod', '@modelcontextprotocol/sdk', '@modelcontextprotocol/server'],
      files: {
        'server.ts': source,
        'toolgate.yaml': `
connectors: [{ name: legacy, type: sdk, path: ./server.ts }]
access: { roles: { user: { allow: [{ name: '*' }] } }, local: { roles: [user] } }
storage: { directory: '${directory}' }`,
      },
    })
    const config = await loadConfig(project.at('toolgate.yaml'), { cwd: project.path, env: {} })
    app = await createApp(config, { writeLog: (line) => void log.push(line) })
  })

  afterAll(async () => {
    await app.close()
    await project.remove()
    await rm(directory, { recursive: true, force: true })
  })

  it.each([
    ['tools/call', { name: 'leak', arguments: {} }],
    ['resources/read', { uri: 'docs://leak' }],
    ['prompts/get', { name: 'leak', arguments: {} }],
  ])('tells no client of any era what its handlers throw in %s, and tells the log', async (method, params) => {
    for (const era of ['modern', 'legacy'] as const) {
      log.length = 0
      const told = await app
        .connectInMemory(undefined, { era })
        .request(method, params)
        .catch((thrown: { message: string; code: unknown; data: unknown }) => [
          thrown.message,
          thrown.code,
          thrown.data,
        ])
      expect(JSON.stringify(told)).not.toContain('db7.internal')
      expect(log.join('')).toContain('db7.internal')
    }
  })

  it('asks a modern client twice by input_required and goes on where it stopped', async () => {
    const peer = app.connectInMemory(undefined, { capabilities: { elicitation: {} } })
    const params = { name: 'ask', arguments: {} }
    let result = await peer.request('tools/call', params)
    for (let rounds = 0; result.resultType === 'input_required' && rounds < 5; rounds += 1) {
      const { inputRequests, requestState } = result as { inputRequests: Record<string, unknown>; requestState: string }
      const asked = Object.entries(inputRequests).map(([key, question]) => [key, answer(question)])
      result = await peer.request('tools/call', { ...params, requestState, inputResponses: Object.fromEntries(asked) })
    }
    expect(result.content).toMatchObject([{ text: 'Ada Lovelace' }])
  })

  it('asks a legacy client over its session', async () => {
    const onRequest = (_method: string, params: object): object => answer({ params })
    const peer = app.connectInMemory(undefined, { era: 'legacy', capabilities: { elicitation: {} }, onRequest })
    const result = await peer.request('tools/call', { name: 'ask', arguments: {} })
    expect(result.content).toMatchObject([{ text: 'Ada Lovelace' }])
  })

  it('says which capability a client would need to be asked', async () => {
    const modern = app.connectInMemory(undefined).request('tools/call', { name: 'ask', arguments: {} })
    await expect(modern).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { form: {} } } },
    })
    const legacy = app
      .connectInMemory(undefined, { era: 'legacy' })
      .request('tools/call', { name: 'ask', arguments: {} })
    await expect(legacy).resolves.toMatchObject({ isError: true })
  })
})
