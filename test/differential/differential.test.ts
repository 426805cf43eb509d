import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestEngine, serveEngine, type TestServer } from '../fixtures/engine.ts'
import { type LegacyClient, openLegacy, openStream, type RawAnswer, send, sendModern } from '../fixtures/http-client.ts'
import { ACCEPTED, type AcceptedDifference } from './accepted-differences.ts'
import { comparable, type Difference, differences } from './compare.ts'
import { IDENTITY } from './offers.ts'
import { type OfficialServer, startOfficialServer } from './official-server.ts'
import { type DifferentialRequest, REQUESTS } from './requests.ts'
import { toolgateOffers } from './toolgate-offers.ts'

let toolgate: TestServer
let official: OfficialServer
let sessions: readonly [LegacyClient, LegacyClient]
const used = new Set<AcceptedDifference>()

beforeAll(async () => {
  const test = createTestEngine(toolgateOffers())
  Object.assign(test.engine, { identity: { info: IDENTITY, instructions: 'Compare me.' } })
  toolgate = await serveEngine(test)
  official = await startOfficialServer()
  sessions = [await openLegacy(toolgate.port), await openLegacy(official.legacyPort)]
})
afterAll(async () => {
  await toolgate.edge.close(100)
  await official.close()
})

describe.each(['modern', 'legacy'] as const)('Toolgate and the official SDK in the %s era', (era) => {
  const cases = REQUESTS.filter(({ eras }) => eras === undefined || eras.includes(era))
  it.each(cases)('answer alike, but for what is accepted: $name', async (request) => {
    const answers = era === 'modern' ? await askModern(request) : await askLegacy(request)
    expect(unexplained(era, request.name, answers.map(comparable))).toEqual([])
  })
})

describe('Toolgate and the official SDK', () => {
  it('agree on the handshake of every older revision', async () => {
    for (const version of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '1999-01-01']) {
      const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'raw', version: '0' } }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
      const answers = await Promise.all([toolgate.port, official.legacyPort].map((port) => send(port, { body })))
      expect(unexplained('legacy', 'initialize', answers.map(comparable))).toEqual([])
    }
  })

  it('ask a client of an older revision the same question and take the same answer', async () => {
    const told = await Promise.all([toolgate.port, official.legacyPort].map(askMidCall))
    expect(unexplained('legacy', 'question mid-call', told)).toEqual([])
  })

  it('differ in everything that is accepted as a difference', () => {
    expect(ACCEPTED.filter((accepted) => !used.has(accepted)).map(({ what }) => what)).toEqual([])
  })
})

/** The differences that no accepted one covers. */
function unexplained(era: Difference['era'], request: string, [ours, theirs]: readonly object[]): Difference[] {
  const found = differences(ours, theirs).map((difference) => ({ era, request, ...difference }))
  return found.filter((difference) => {
    const covering = ACCEPTED.filter(({ covers }) => covers(difference))
    for (const accepted of covering) used.add(accepted)
    return covering.length === 0
  })
}

function askModern({ method, params, meta, headers, body }: DifferentialRequest): Promise<RawAnswer[]> {
  const ports = [toolgate.port, official.modernPort]
  if (body === undefined) {
    const more = { ...(meta === undefined ? {} : { meta }), ...(headers === undefined ? {} : { headers }) }
    return Promise.all(ports.map((port) => sendModern(port, method, params, more)))
  }
  const named = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method }
  return Promise.all(ports.map((port) => send(port, { headers: named, body })))
}

function askLegacy({ method, params, meta, headers, body }: DifferentialRequest): Promise<RawAnswer[]> {
  const ports = [toolgate.port, official.legacyPort]
  return Promise.all(
    sessions.map((session, at) => {
      if (body === undefined) return session.request(method, { ...params, ...(meta && { _meta: meta }) }, headers, 1)
      const named = { 'mcp-session-id': session.sessionId, 'mcp-protocol-version': '2025-11-25' }
      return send(ports[at] as number, { headers: named, body })
    }),
  )
}

/** What a client hears that is asked for a name and gives one. */
async function askMidCall(port: number): Promise<object> {
  const client = await openLegacy(port, { capabilities: { elicitation: {} } })
  await client.post({ method: 'notifications/initialized' })
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: {} } })
  const headers = { 'mcp-session-id': client.sessionId, 'mcp-protocol-version': '2025-11-25' }
  const stream = await openStream(port, { headers, body })
  const [question] = await stream.messages(1)
  const { status } = await client.post({ id: question.id, result: { action: 'accept', content: { name: 'Ann' } } })
  const [, answer] = await stream.messages(2)
  await stream.ended
  return { question: { ...question, id: '<id>' }, status, answer }
}
