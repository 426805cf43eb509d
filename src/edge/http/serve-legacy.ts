import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import { type Answer, answerRequest, type Engine } from '../engine.ts'
import type { Line } from '../exchange.ts'
import { initializeResult, LEGACY_METHODS, readOpening } from '../legacy/legacy-methods.ts'
import type { LegacySession, Reply } from '../legacy/legacy-session.ts'
import { ResumableStream } from '../legacy/resumable-stream.ts'
import type { SessionStore } from '../legacy/session-store.ts'
import type { JsonRpcRequest, Message } from '../protocol/json-rpc.ts'
import { ASSUMED_VERSION, LEGACY_VERSIONS } from '../protocol/versions.ts'
import { httpStatusOf } from '../protocol/wire-error.ts'
import type { HttpExchange } from './serve-modern.ts'
import { setErrorHeaders } from './set-error-headers.ts'
import { openSseStream } from './sse-stream.ts'
import { writeEmpty, writeJson } from './write-json.ts'

/** Serves one POST of a revision before 2026-07-28. Throws what refuses it. */
export async function servePost(
  engine: Engine,
  sessions: SessionStore,
  { kind, message }: Message,
  http: HttpExchange,
): Promise<void> {
  if (kind === 'request' && message.method === 'initialize') {
    await openSession(engine, sessions, message, http)
    return
  }
  const found = findSession(sessions, http)
  const session = found instanceof Promise ? await found : found
  // Another request with another token of the same user may have come in between.
  session.principal = http.principal
  if (kind === 'request') {
    await serveRequest(engine, session, message, http)
    return
  }
  if (kind === 'notification') session.takeNotification(message)
  else if (!session.takeResponse(message)) throw askedElsewhere()
  writeEmpty(http.response, 202)
}

async function openSession(
  engine: Engine,
  sessions: SessionStore,
  message: JsonRpcRequest,
  http: HttpExchange,
): Promise<void> {
  const opening = readOpening(message.params)
  const session = await sessions.open(http.principal, opening)
  http.response.setHeader('mcp-session-id', session.id)
  writeJson(http.response, 200, {
    jsonrpc: '2.0',
    id: message.id,
    result: initializeResult(engine, opening, http.principal),
  })
}

/** Only the process that asked can hand an answer to the handler that waits for it. */
function askedElsewhere(): ToolgateError {
  return new ToolgateError({
    code: 'BAD_REQUEST',
    message: 'The question that this answers was not asked here.',
    hint: 'Send the answer to the process that asked: route requests by their Mcp-Session-Id.',
  })
}

/** The session a request names. Refuses with `SESSION_REQUIRED`, `SESSION_NOT_FOUND` or, for its version, `BAD_REQUEST`. */
export function findSession(
  sessions: SessionStore,
  { request, principal }: { request: HttpExchange['request']; principal: Principal },
): LegacySession | Promise<LegacySession> {
  const version = request.headers['mcp-protocol-version'] ?? ASSUMED_VERSION
  if (!LEGACY_VERSIONS.includes(String(version))) {
    throw new ToolgateError({
      code: 'BAD_REQUEST',
      message: 'The MCP-Protocol-Version header names a version that is not supported.',
      hint: `Supported are ${LEGACY_VERSIONS.join(', ')}.`,
    })
  }
  const id = request.headers['mcp-session-id']
  if (typeof id === 'string') return sessions.find(id, principal)
  throw new ToolgateError({
    code: 'SESSION_REQUIRED',
    message: 'The request has no Mcp-Session-Id header.',
    hint: 'Send `initialize` first, or use revision 2026-07-28.',
  })
}

async function serveRequest(
  engine: Engine,
  session: LegacySession,
  message: JsonRpcRequest,
  http: HttpExchange,
): Promise<void> {
  // It waits for the end of a task and is counted as an open stream.
  if (message.method === 'tasks/result') http.place.leave()
  const reply = new LegacyReply(session, http)
  const exchange = session.beginRequest(message, reply, 'http')
  try {
    const answer = await answerRequest(engine, message, exchange, LEGACY_METHODS)
    if (answer === undefined) reply.abandon()
    else reply.finish(answer)
  } finally {
    session.endRequest(message)
  }
}

/**
 * Serves the GET stream of a session: one for what belongs to no request, or, with `Last-Event-ID`, the rest of a
 * stream that was lost. Throws what refuses it.
 */
export async function serveGet(engine: Engine, sessions: SessionStore, http: HttpExchange): Promise<void> {
  const session = await findSession(sessions, http)
  const { request, response } = http
  const lastEventId = request.headers['last-event-id']
  const resumed = typeof lastEventId === 'string' ? session.streams.find(lastEventId) : undefined
  const stream = resumed?.stream ?? createStream(session, http)
  // A call that runs is still answered on a stream that was resumed; all other streams end with the server.
  if (resumed === undefined) await session.change((before) => ({ ...before, listener: session.tag }))
  const giveBack = engine.streams.open(http.principal, () => {
    if (stream === session.outlet) stream.close()
  })
  response.once('close', () => {
    giveBack()
    session.lastSeenAt = engine.guards.clock()
  })
  const sink = openSseStream(http)
  if (resumed === undefined) {
    session.outlet?.close()
    session.outlet = stream
    session.streams.add(stream)
  }
  stream.attach(sink, response, resumed?.after)
}

/** Events carry ids, and an empty first one, only where the client's revision has them (2025-11-25, SEP-1699). */
const PRIMED_SINCE = '2025-11-25'

function createStream({ opening, principal }: LegacySession, { waiting }: HttpExchange): ResumableStream {
  return new ResumableStream(opening.version >= PRIMED_SINCE, (drop) => waiting.hold(principal.id, drop))
}

/**
 * The answer on its way. A client that loses its stream has not cancelled: what is sent meanwhile waits, bounded, until
 * it comes back with the id of the last event it saw.
 */
class LegacyReply implements Reply {
  readonly #session: LegacySession
  readonly #http: HttpExchange
  #stream: ResumableStream | undefined

  constructor(session: LegacySession, http: HttpExchange) {
    this.#session = session
    this.#http = http
  }

  get isOpen(): boolean {
    return this.#stream?.isOpen ?? !this.#http.response.destroyed
  }

  get line(): Line {
    const reply = this
    return {
      get isOpen() {
        return reply.isOpen
      },
      open: () => void this.#upgrade(),
    }
  }

  send(message: object): void {
    this.#upgrade().send(message)
  }

  close(): void {
    this.#upgrade().detach()
  }

  finish({ response: message, error }: Answer): void {
    if (this.#stream !== undefined) {
      this.#stream.finish(message)
      return
    }
    const { response, stalledMs } = this.#http
    if (error !== undefined) setErrorHeaders(this.#http, error)
    writeJson(response, error === undefined ? 200 : httpStatusOf(error, 'legacy'), message, stalledMs)
  }

  /** A cancelled request gets no answer; its stream just ends. */
  abandon(): void {
    if (this.#stream === undefined) writeEmpty(this.#http.response, 202)
    else this.#stream.close()
  }

  #upgrade(): ResumableStream {
    if (this.#stream !== undefined) return this.#stream
    const stream = createStream(this.#session, this.#http)
    this.#stream = stream
    this.#session.streams.add(stream)
    stream.attach(openSseStream(this.#http), this.#http.response)
    return stream
  }
}
