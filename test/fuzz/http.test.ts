import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holder, serveEngine, type TestServer } from '../fixtures/engine.ts'
import { openLegacy, openStream, sendModern } from '../fixtures/http-client.ts'
import { liveBytes } from '../fixtures/live-heap.ts'
import { expectedId, findAnswerFault } from './find-fault.ts'
import { createHttpCase, type Guesses, type HttpCase } from './http-case.ts'
import type { Handed } from './messages.ts'
import { type RunPlan, randomOfCase, readPlan } from './random.ts'
import { exchange, type RawAnswer, RawConnection, readAnswers } from './raw-connection.ts'
import { describeInput, shrink } from './shrink.ts'
import { createSubject, findUnrecorded } from './subject.ts'

const WORKERS = 48
const CASES_A_BATCH = 5_000
const CASES_A_SESSION = 60
/** Live memory that may be added once the first batches have warmed everything up: a leak of 150 bytes a case shows. */
const MAX_GROWTH_BYTES = 3_000_000
const MUST_REACH: readonly string[] = [
  ...['200 no error', '200 stream', '202 no error', '200 INTERNAL', '200 INVALID_OUTPUT', '200 INVALID_INPUT'],
  ...['200 INVALID_PARAMS', '200 CAPABILITY_NOT_FOUND', '404 SESSION_NOT_FOUND', '400 SESSION_REQUIRED'],
  ...['400 PARSE_ERROR', '400 INVALID_REQUEST', '400 INVALID_ENVELOPE', '400 HEADER_MISMATCH', '400 BAD_REQUEST'],
  ...['401 UNAUTHENTICATED', '403 FOREIGN_HOST', '403 FOREIGN_ORIGIN', '431 no error', '400 no error'],
]

const subject = createSubject()
/** How often each kind of answer came: a run that is all refused at the door shows nothing. */
const reached = new Map<string, number>()
const crashes: unknown[] = []
const onCrash = (reason: unknown): void => void crashes.push(reason)
let server: TestServer
let foreign: Omit<Guesses, 'session'>

beforeAll(async () => {
  process.on('uncaughtException', onCrash).on('unhandledRejection', onCrash)
  server = await serveEngine(subject.test, [holder('ann', 'user'), holder('bob', 'owner')])
  foreign = await handOut(server.port)
})
afterAll(async () => {
  process.off('uncaughtException', onCrash).off('unhandledRejection', onCrash)
  await server.close()
})

/** What the server hands to both principals: cursors, states, tasks, and a session of bob with a stream that can be resumed. */
async function handOut(port: number): Promise<Omit<Guesses, 'session'>> {
  const handed: Handed[] = []
  for (const token of ['ann', 'bob']) {
    const headers = { authorization: `Bearer ${token}` }
    const extensions = { 'io.modelcontextprotocol/tasks': {} }
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, extensions } }
    const listed = await sendModern(port, 'tools/list', {}, { headers })
    const asked = await sendModern(port, 'tools/call', { name: 'ask' }, { headers, meta })
    const made = await sendModern(port, 'tools/call', { name: 'work' }, { headers, meta })
    const { taskId } = made.json.result
    handed.push({ cursor: listed.json.result.nextCursor, state: asked.json.result.requestState, taskId })
  }
  const session = await openLegacy(port, { token: 'bob' })
  await session.request('resources/subscribe', { uri: 'db://bob' })
  const headers = {
    authorization: 'Bearer bob',
    'mcp-session-id': session.sessionId,
    'mcp-protocol-version': '2025-11-25',
  }
  const stream = await openStream(port, { method: 'GET', headers })
  subject.test.engine.notifier.resourceUpdated('db://bob')
  await stream.messages(1)
  stream.leave()
  const eventIds = [...stream.text().matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '')
  return { handed, foreignSessions: [session.sessionId], eventIds }
}

/** What is wrong with what these bytes are answered with; `undefined` when nothing is. */
async function findFault({ bytes, isFramed, method, body }: HttpCase, connection: RawConnection) {
  if (!isFramed) {
    const answers = await exchange(server.port, bytes)
    for (const answer of answers) count(answer)
    return answers.map((answer) => findAnswerFault(answer, method)).find((fault) => fault !== undefined)
  }
  const answer = await connection.ask(bytes, method)
  if (answer === undefined) return 'is not answered'
  count(answer)
  return findAnswerFault(answer, method) ?? findIdFault(answer.head, answer.body, body.toString('utf8'))
}

function count({ status, head, body }: RawAnswer): void {
  const code = /"code":"([A-Z_]+)"/.exec(body)?.[1] ?? (/event-stream/.test(head) ? 'stream' : 'no error')
  const kind = `${status} ${code}`
  reached.set(kind, (reached.get(kind) ?? 0) + 1)
}

function findIdFault(head: string, answered: string, sent: string): string | undefined {
  const expected = expectedId(sent)
  if (expected === undefined || !/^HTTP\/1\.1 200/.test(head) || !/content-type: application\/json/.test(head))
    return undefined
  const { id } = JSON.parse(answered)
  return id === expected ? undefined : `answers ${JSON.stringify(expected)} with the id ${JSON.stringify(id)}`
}

async function work(plan: RunPlan, queue: { next: number; readonly end: number }): Promise<void> {
  const connection = new RawConnection(server.port)
  try {
    for (let turn = 0, session = ''; queue.next < queue.end; turn += 1) {
      const index = queue.next++
      if (turn % CASES_A_SESSION === 0) session = await openSession(connection)
      const input = createHttpCase(randomOfCase(plan, index), { ...foreign, session })
      const fault = await findFault(input, connection).catch((error: Error) => error.message)
      if (fault === undefined && crashes.length === 0) continue
      throw new Error(await report(plan, index, input, fault ?? `crashes the server: ${String(crashes[0])}`))
    }
  } finally {
    connection.close()
  }
}

/** In a version and with capabilities of its own, so that handlers can also ask. */
async function openSession(connection: RawConnection): Promise<string> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'f', version: '1' },
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'open', method: 'initialize', params })
  const head = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ann\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const opened = await connection.ask(Buffer.from(head + body), 'POST')
  return /\r\nmcp-session-id: ([^\r]+)/i.exec(opened?.head ?? '')?.[1] ?? 'none'
}

async function report({ seed }: RunPlan, index: number, input: HttpCase, fault: string): Promise<string> {
  const fails = async (bytes: Buffer): Promise<boolean> => {
    const answers = await exchange(server.port, bytes).catch(() => undefined)
    return answers === undefined || answers.some((answer) => findAnswerFault(answer, input.method) !== undefined)
  }
  const smallest = (await fails(input.bytes)) ? await shrink(input.bytes, fails) : input.bytes
  return `case ${index} ${fault}\n  again: FUZZ_SEED=${seed} FUZZ_ONLY=${index}\n  input: ${describeInput(smallest)}`
}

/** Streams whose clients have left are given back when their sockets are closed, which the server hears of later. */
async function settled(): Promise<void> {
  const count = (): Promise<number> =>
    new Promise((resolve) => server.edge.server.getConnections((_, count) => resolve(count)))
  await expect.poll(count, { timeout: 10_000 }).toBe(0)
}

describe('an HTTP server that is sent what no client should send', () => {
  it('answers every request in documented form, tells nothing, and grows no larger', async () => {
    const plan = readPlan('http', 40_000)
    const sizes: number[] = []
    for (let start = plan.first; start < plan.first + plan.count; start += CASES_A_BATCH) {
      const queue = { next: start, end: Math.min(start + CASES_A_BATCH, plan.first + plan.count) }
      await Promise.all(Array.from({ length: WORKERS }, () => work(plan, queue)))
      if (plan.count > 1) await settled()
      expect(findUnrecorded(subject)).toEqual([])
      subject.forget()
      sizes.push(liveBytes())
    }
    expect(crashes).toEqual([])
    const [, , , warm, ...later] = sizes
    if (warm !== undefined) expect((later.at(-1) ?? warm) - warm).toBeLessThan(MAX_GROWTH_BYTES)
    if (plan.count >= 10_000) expect([...reached.keys()]).toEqual(expect.arrayContaining([...MUST_REACH]))
    expect((await sendModern(server.port, 'tools/call', { name: 'whoami' })).json.result.content[0].text).toBe(
      'I am ann',
    )
  }, 110_000)

  it('reads answers back to back, so that a second one is not overlooked', () => {
    const one = 'HTTP/1.1 204 No Content\r\nA: b\r\n\r\n'
    const two = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'
    const three = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'
    expect(readAnswers(Buffer.from(one + two + three), 'POST').map(({ status, body }) => [status, body])).toEqual([
      [204, ''],
      [200, '{}'],
      [400, ''],
    ])
  })
})
