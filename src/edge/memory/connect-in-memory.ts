import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import { Connection } from '../connection.ts'
import type { Engine } from '../engine.ts'
import {
  type JsonRpcError,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type Params,
  toMessage,
} from '../protocol/json-rpc.ts'
import { LEGACY_VERSIONS, META, MODERN_VERSION } from '../protocol/versions.ts'

/** How an in-memory client presents itself. */
export interface MemoryClient {
  /** Default `modern`. A legacy client is initialized with its first request. */
  readonly era?: 'modern' | 'legacy'
  readonly capabilities?: Readonly<Record<string, unknown>>
  readonly name?: string
  /** Modern only: which log messages to send. */
  readonly logLevel?: string
  /** Answers what a legacy server asks: `elicitation/create`, `sampling/createMessage`, `roots/list`. */
  readonly onRequest?: (method: string, params: Params) => unknown
}

/** An error response, as the client of an in-memory connection gets it. */
export class MemoryError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(error: JsonRpcError) {
    super(error.message)
    this.name = 'MemoryError'
    this.code = error.code
    this.data = error.data
  }
}

/** The client's end. Everything passes the guards just as it does over HTTP and stdio. */
export interface MemoryPeer {
  /** Resolves to the result; rejects with `MemoryError`. An abort cancels the request. */
  request(
    method: string,
    params?: Params,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Record<string, unknown>>
  notify(method: string, params?: Params): void
  /** Returns how to stop. */
  onNotification(listener: (method: string, params: Params) => void): () => void
  close(): void
}

/** Connects a client in this process: the same engine without bytes. */
export function connectInMemory(engine: Engine, principal: Principal, client: MemoryClient = {}): MemoryPeer {
  return new InMemoryPeer(engine, principal, client)
}

type Settle = { readonly resolve: (result: Record<string, unknown>) => void; readonly reject: (error: unknown) => void }

class InMemoryPeer implements MemoryPeer {
  readonly #client: MemoryClient
  readonly #connection: Connection
  readonly #waiting = new Map<number, Settle>()
  readonly #listeners = new Set<(method: string, params: Params) => void>()
  #count = 0
  #opened: Promise<unknown> | undefined

  constructor(engine: Engine, principal: Principal, client: MemoryClient) {
    this.#client = client
    this.#connection = new Connection(engine, {
      principal,
      transport: 'memory',
      write: (message) => this.#take(message),
    })
  }

  async request(
    method: string,
    params: Params = {},
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Record<string, unknown>> {
    if (this.#client.era === 'legacy' && method !== 'initialize') {
      this.#opened ??= this.#send('initialize', this.#opening())
      await this.#opened
    }
    return this.#send(method, this.#client.era === 'legacy' ? params : this.#withEnvelope(params), signal)
  }

  notify(method: string, params: Params = {}): void {
    this.#connection.receive(toMessage({ jsonrpc: '2.0', method, params }))
  }

  onNotification(listener: (method: string, params: Params) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#connection.close()
    for (const { reject } of this.#waiting.values()) {
      reject(new ToolgateError({ code: 'CANCELLED', message: 'The connection was closed.' }))
    }
    this.#waiting.clear()
  }

  async #send(method: string, params: Params, signal?: AbortSignal): Promise<Record<string, unknown>> {
    signal?.throwIfAborted()
    this.#count += 1
    const id = this.#count
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      signal?.addEventListener('abort', () => this.#cancel(id, signal.reason), { once: true })
      this.#connection.receive(toMessage({ jsonrpc: '2.0', id, method, params }))
    })
  }

  #cancel(id: number, reason: unknown): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    this.notify('notifications/cancelled', { requestId: id })
    waiting.reject(reason)
  }

  /** A message goes through JSON, so that what is seen here is what a client on a wire would see. */
  #take(message: object): void {
    const {
      id,
      method,
      params = {},
      result,
      error,
    } = JSON.parse(JSON.stringify(message)) as JsonRpcRequest & JsonRpcResponse
    if (method !== undefined) {
      if (id === undefined) for (const listener of this.#listeners) listener(method, params)
      else void this.#answer(id as string, method, params)
      return
    }
    const waiting = this.#waiting.get(id as number)
    this.#waiting.delete(id as number)
    if (error === undefined) waiting?.resolve(result as Record<string, unknown>)
    else waiting?.reject(new MemoryError(error))
  }

  async #answer(id: string, method: string, params: Params): Promise<void> {
    try {
      const result = await this.#client.onRequest?.(method, params)
      this.#connection.receive(toMessage({ jsonrpc: '2.0', id, result: result ?? {} }))
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      this.#connection.receive(toMessage({ jsonrpc: '2.0', id, error: { code: -32603, message } }))
    }
  }

  #opening(): Params {
    const clientInfo = { name: this.#client.name ?? 'in-memory', version: '0.0.0' }
    return { protocolVersion: LEGACY_VERSIONS[0], capabilities: this.#client.capabilities ?? {}, clientInfo }
  }

  #withEnvelope(params: Params): Params {
    const { logLevel, capabilities = {}, name = 'in-memory' } = this.#client
    const envelope = {
      [META.version]: MODERN_VERSION,
      [META.clientCapabilities]: capabilities,
      [META.clientInfo]: { name, version: '0.0.0' },
      ...(logLevel === undefined ? {} : { [META.logLevel]: logLevel }),
    }
    return { ...params, _meta: { ...envelope, ...(params._meta as object | undefined) } }
  }
}
