import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProtectedResource } from '../../identity/oauth/protected-resource.ts'
import type { Principal } from '../../identity/principal.ts'
import { Cancellation } from '../../pipeline/call.ts'
import { type Answer, answerRequest, type Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { MODERN_METHODS } from '../methods/modern-methods.ts'
import { type Envelope, readEnvelope, requireModernVersion } from '../protocol/envelope.ts'
import type { JsonRpcRequest } from '../protocol/json-rpc.ts'
import { httpStatusOf } from '../protocol/wire-error.ts'
import type { WaitingBytes } from '../waiting-bytes.ts'
import { checkParamHeaders, checkStandardHeaders } from './header-ladder.ts'
import type { Place } from './load-shedder.ts'
import { setErrorHeaders } from './set-error-headers.ts'
import { type KeepAlive, openSseStream, type SseStream } from './sse-stream.ts'
import { writeJson } from './write-json.ts'

/** One POST on its way: who sent it and where the answer goes. */
export interface HttpExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly principal: Principal
  /** Of a call, among those that run. */
  readonly place: Place
  readonly keepAlive: KeepAlive
  /** Milliseconds after which a client that takes nothing of its answer is cut off. */
  readonly stalledMs: number
  readonly waiting: WaitingBytes
  /** `undefined` where no access tokens are let in. */
  readonly resource: ProtectedResource | undefined
}

/**
 * Serves one request of revision 2026-07-28. The answer is one JSON body, unless the handler notifies first: then it is
 * an event stream that ends with the answer. A client that leaves has cancelled. Throws what refuses the request.
 */
export async function serveModern(engine: Engine, message: JsonRpcRequest, http: HttpExchange): Promise<void> {
  const envelope = readEnvelope(message.params)
  checkStandardHeaders(http.request.headers, message, envelope.version)
  requireModernVersion(envelope.version)
  checkToolHeaders(engine, message, http)
  // It lasts as long as its client likes and is counted as an open stream.
  if (message.method === 'subscriptions/listen') http.place.leave()
  const reply = new ModernReply(http)
  const answer = await answerRequest(engine, message, exchangeOf(envelope, http, reply), MODERN_METHODS)
  if (answer !== undefined) reply.finish(answer)
}

/** A tool that the caller may not see says nothing through its headers either. */
function checkToolHeaders(engine: Engine, message: JsonRpcRequest, http: HttpExchange): void {
  if (message.method !== 'tools/call' || typeof message.params?.name !== 'string') return
  const { catalog, policy } = engine.guards
  const tool = catalog.findTool(message.params.name)
  if (tool === undefined || tool.paramHeaders.length === 0) return
  if (policy.decide(http.principal, tool).effect !== 'permit') return
  checkParamHeaders(http.request.headers, tool, message)
}

function exchangeOf(envelope: Envelope, http: HttpExchange, reply: ModernReply): Exchange {
  return {
    era: 'modern',
    version: envelope.version,
    transport: 'http',
    principal: http.principal,
    client: envelope.client,
    logLevel: envelope.logLevel,
    cancellation: reply.cancellation,
    send: (method, params) => reply.stream.send({ jsonrpc: '2.0', method, params }),
    ask: undefined,
    closeStream: () => {},
  }
}

/** The answer on its way: JSON, or an event stream from the first notification on. */
class ModernReply {
  readonly cancellation: Cancellation = new Cancellation()
  readonly #http: HttpExchange
  #stream: SseStream | undefined

  constructor(http: HttpExchange) {
    this.#http = http
    const { response } = http
    response.on('close', () => {
      if (!response.writableFinished) this.cancellation.cancel()
    })
  }

  get stream(): SseStream {
    this.#stream ??= openSseStream(this.#http)
    return this.#stream
  }

  finish({ response: message, error }: Answer): void {
    if (this.#stream !== undefined) {
      this.#stream.end(message)
      return
    }
    const { response, stalledMs } = this.#http
    if (error !== undefined) setErrorHeaders(this.#http, error)
    writeJson(response, error === undefined ? 200 : httpStatusOf(error, 'modern'), message, stalledMs)
  }
}
