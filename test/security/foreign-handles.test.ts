import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineResource, defineTool } from '../../src/capabilities/definition.ts'
import { elicit, inputRequired } from '../../src/capabilities/input-required.ts'
import { createTestEngine, serveEngine, type TestServer } from '../fixtures/engine.ts'
import { type LegacyClient, openLegacy, openStream, send, sendModern } from '../fixtures/http-client.ts'

const ask = defineTool({
  name: 'ask',
  run: (_input, { inputs, state }) =>
    inputs.who === undefined
      ? inputRequired({ requests: { who: elicit('Who?', {}) }, state: { secret: 'of-ann' } })
      : `answered with ${JSON.stringify(state)}`,
})
const other = defineTool({ name: 'other', run: () => 'other' })
const resource = defineResource({ name: 'a', uri: 'db://a', read: () => 'a' })

const test = createTestEngine([ask, other, resource], { server: { pageSize: 1 } })
const CAPABLE = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
const BOB = { authorization: 'Bearer bob' }
let server: TestServer
let ann: LegacyClient
let bob: LegacyClient
beforeAll(async () => {
  server = await serveEngine(test)
  ann = await openLegacy(server.port, { capabilities: { elicitation: {} } })
  bob = await openLegacy(server.port, { token: 'bob', capabilities: { elicitation: {} } })
})
afterAll(() => server.close())

const outcome = ({ status, json }: Awaited<ReturnType<typeof send>>): unknown[] => [status, json.error?.data.code]

describe('what was handed to one principal, in the hands of another', () => {
  it('opens no session: it answers as one that never was, and lives on', async () => {
    const headers = { ...BOB, 'mcp-session-id': ann.sessionId, 'mcp-protocol-version': '2025-11-25' }
    const unknown = { ...headers, 'mcp-session-id': 'never' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
    for (const method of ['POST', 'GET', 'DELETE']) {
      const foreign = await send(server.port, { method, headers, ...(method === 'POST' ? { body } : {}) })
      const made = await send(server.port, { method, headers: unknown, ...(method === 'POST' ? { body } : {}) })
      expect(outcome(foreign)).toEqual([404, 'SESSION_NOT_FOUND'])
      expect(foreign.text).toBe(made.text)
    }
    expect((await ann.request('ping')).json.result).toEqual({})
  })

  it('turns no page, in either era', async () => {
    const cursor = (await sendModern(server.port, 'tools/list')).json.result.nextCursor
    expect(outcome(await sendModern(server.port, 'tools/list', { cursor }, { headers: BOB }))).toEqual([
      200,
      'INVALID_PARAMS',
    ])
    expect(outcome(await bob.request('tools/list', { cursor }))).toEqual([200, 'INVALID_PARAMS'])
    // Nor does a cursor of one list turn the pages of another.
    expect(outcome(await sendModern(server.port, 'resources/list', { cursor }))).toEqual([200, 'INVALID_PARAMS'])
    expect((await sendModern(server.port, 'tools/list', { cursor })).json.result.tools).toHaveLength(1)
  })

  it('continues no call', async () => {
    const asked = await sendModern(server.port, 'tools/call', { name: 'ask' }, { meta: CAPABLE })
    const { requestState } = asked.json.result
    expect(Buffer.from(requestState, 'base64url').toString('latin1')).not.toContain('of-ann')
    const params = { name: 'ask', requestState, inputResponses: { who: { action: 'accept', content: {} } } }
    const stolen = await sendModern(server.port, 'tools/call', params, { meta: CAPABLE, headers: BOB })
    expect(outcome(stolen)).toEqual([200, 'INVALID_PARAMS'])
    const own = await sendModern(server.port, 'tools/call', params, { meta: CAPABLE })
    expect(own.json.result.content[0].text).toContain('of-ann')
  })

  it('resumes no stream', async () => {
    await ann.request('resources/subscribe', { uri: 'db://a' })
    const version = { 'mcp-protocol-version': '2025-11-25' }
    const lost = await openStream(server.port, {
      method: 'GET',
      headers: { 'mcp-session-id': ann.sessionId, ...version },
    })
    test.engine.notifier.resourceUpdated('db://a')
    await lost.messages(1)
    const eventId = /^id: (.*)\.\d+$/m.exec(lost.text())?.[1]
    expect(eventId).toMatch(/./)
    lost.leave()
    const headers = { ...BOB, 'mcp-session-id': bob.sessionId, ...version, 'last-event-id': `${eventId}.0` }
    const foreign = await openStream(server.port, { method: 'GET', headers })
    test.engine.notifier.toolsChanged()
    const [first] = await foreign.messages(1)
    expect(first.method).toBe('notifications/tools/list_changed')
    expect(foreign.text()).not.toContain('db://a')
    foreign.leave()
  })

  it('answers no question, though both were asked under the same id, and cancels nothing', async () => {
    const asking = openStream(server.port, {
      headers: { 'mcp-session-id': ann.sessionId, 'mcp-protocol-version': '2025-11-25' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 'shared', method: 'tools/call', params: { name: 'ask' } }),
    })
    const stream = await asking
    const [question] = await stream.messages(1)
    await bob.post({ id: question.id, result: { action: 'accept', content: { name: 'bob' } } })
    await bob.post({ method: 'notifications/cancelled', params: { requestId: 'shared' } })
    await ann.post({ id: question.id, result: { action: 'accept', content: { name: 'ann' } } })
    const [, answer] = await stream.messages(2)
    expect(answer).toMatchObject({ id: 'shared', result: { content: [{ text: expect.stringContaining('of-ann') }] } })
  })
})
