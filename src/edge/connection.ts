import { type ToolgateError, toToolgateError } from '../errors.ts'
import type { Principal } from '../identity/principal.ts'
import { Cancellation } from '../pipeline/call.ts'
import { answerRequest, type Engine } from './engine.ts'
import type { Exchange } from './exchange.ts'
import { initializeResult, LEGACY_METHODS, readOpening } from './legacy/legacy-methods.ts'
import { idIsTaken, LegacySession, type Outlet } from './legacy/legacy-session.ts'
import { MODERN_METHODS } from './methods/modern-methods.ts'
import { claimsModern, opensLegacy, readEnvelope, requireModernVersion } from './protocol/envelope.ts'
import type { JsonRpcNotification, JsonRpcRequest, JsonRpcResponse, Message, RequestId } from './protocol/json-rpc.ts'
import { idOf, toErrorResponse } from './protocol/wire-error.ts'

/** Who is at the other end of a lasting connection, and how messages reach it. */
export interface Peer {
  readonly principal: Principal
  readonly transport: Exchange['transport']
  write(message: JsonRpcRequest | JsonRpcNotification | JsonRpcResponse): void
}

/**
 * One client on a connection that lasts: stdio, in memory, or the HTTP+SSE pair of 2024-11-05. Both eras: a request with an envelope is served by
 * itself, `initialize` opens the one session that everything else belongs to.
 */
export class Connection {
  readonly #engine: Engine
  readonly #peer: Peer
  readonly #outlet: Outlet
  readonly #running = new Map<RequestId, { readonly cancellation: Cancellation; readonly done: Promise<void> }>()
  #session: LegacySession | undefined

  constructor(engine: Engine, peer: Peer) {
    this.#engine = engine
    this.#peer = peer
    this.#outlet = { isOpen: true, send: (message) => peer.write(message), close: () => {} }
  }

  /** Takes one message in. Never throws; what is answered goes to the peer. */
  receive({ kind, message }: Message): void {
    if (kind === 'response') {
      this.#session?.takeResponse(message)
    } else if (kind === 'notification') {
      this.#takeNotification(message)
    } else if (this.#running.has(message.id)) {
      this.refuse(idIsTaken())
    } else {
      const cancellation = new Cancellation()
      const done = this.#serve(message, cancellation).finally(() => this.#running.delete(message.id))
      this.#running.set(message.id, { cancellation, done })
    }
  }

  /** Answers what could not be read. */
  refuse(error: ToolgateError): void {
    this.#peer.write(toErrorResponse(error, this.#session === undefined ? 'modern' : 'legacy', idOf(error)))
  }

  /** Resolves when everything that runs now is answered. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** Cancels what runs. Idempotent. */
  close(): void {
    for (const { cancellation } of this.#running.values()) cancellation.cancel()
    this.#session?.end()
  }

  #takeNotification(message: JsonRpcNotification): void {
    if (message.method !== 'notifications/cancelled') return
    this.#running.get(message.params?.requestId as RequestId)?.cancellation.cancel()
  }

  async #serve(message: JsonRpcRequest, cancellation: Cancellation): Promise<void> {
    try {
      if (opensLegacy(message)) this.#open(message)
      else if (claimsModern(message.params) || this.#session === undefined)
        await this.#serveModern(message, cancellation)
      else await this.#serveLegacy(this.#session, message, cancellation)
    } catch (thrown) {
      this.#peer.write(toErrorResponse(toToolgateError(thrown), 'modern', message.id))
    }
  }

  #open(message: JsonRpcRequest): void {
    const opening = readOpening(message.params)
    this.#session?.end()
    this.#session = new LegacySession(this.#engine, {
      id: this.#peer.transport,
      principal: this.#peer.principal,
      transport: this.#peer.transport,
      opening,
    })
    this.#session.outlet = this.#outlet
    this.#peer.write({
      jsonrpc: '2.0',
      id: message.id,
      result: initializeResult(this.#engine, opening, this.#peer.principal),
    })
  }

  async #serveModern(message: JsonRpcRequest, cancellation: Cancellation): Promise<void> {
    // A ping may come before anything else in the eras that have it (2025-11-25, Lifecycle).
    if (message.method === 'ping' && !claimsModern(message.params)) {
      this.#peer.write({ jsonrpc: '2.0', id: message.id, result: {} })
      return
    }
    const envelope = readEnvelope(message.params)
    requireModernVersion(envelope.version)
    const exchange: Exchange = {
      era: 'modern',
      version: envelope.version,
      transport: this.#peer.transport,
      principal: this.#peer.principal,
      client: envelope.client,
      logLevel: envelope.logLevel,
      cancellation,
      send: (method, params) => this.#peer.write({ jsonrpc: '2.0', method, params }),
      ask: undefined,
      closeStream: () => {},
    }
    const answer = await answerRequest(this.#engine, message, exchange, MODERN_METHODS)
    if (answer !== undefined) this.#peer.write(answer.response)
  }

  async #serveLegacy(session: LegacySession, message: JsonRpcRequest, cancellation: Cancellation): Promise<void> {
    const exchange = session.beginRequest(message, this.#outlet, this.#peer.transport, cancellation)
    try {
      const answer = await answerRequest(this.#engine, message, exchange, LEGACY_METHODS)
      if (answer !== undefined) this.#peer.write(answer.response)
    } finally {
      session.endRequest(message)
    }
  }
}
