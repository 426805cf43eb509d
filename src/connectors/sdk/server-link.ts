import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallContext } from '../../capabilities/call-context.ts'
import type { LogLevel, Progress } from '../../capabilities/protocol.ts'
import { ForwardedCall, type Target } from './forwarded-call.ts'
import { lowLevelOf, type Message, type SdkServer, ServerError, type Transport } from './sdk-server.ts'
import { ThrowWatch } from './throw-watch.ts'
import { toInputRequest } from './to-input-request.ts'

/** What a server announces by itself. */
export interface LinkListener {
  listChanged(): void
  resourceUpdated(uri: string, call: ForwardedCall | undefined): void
  fault(message: string, cause: unknown): void
}

const CLOSED = { code: -32000, message: 'The SDK server has closed its connection.' }

type Settle = (response: Message) => void

/**
 * An SDK server in this process, spoken to as a client of revision 2025-11-25 would, without a byte stream. Whatever the
 * server sends is traced to the call it belongs to: by the id it names, or by the asynchronous context it runs in.
 */
export class ServerLink {
  readonly #server: SdkServer
  readonly #listener: LinkListener
  readonly #context = new AsyncLocalStorage<ForwardedCall>()
  readonly #watch: ThrowWatch
  readonly #calls = new Map<number, ForwardedCall>()
  readonly #requests = new Map<number, Settle>()
  readonly #transport: Transport
  #lastId = 0
  #isClosed = false
  #closesWhenIdle = false

  constructor(server: SdkServer, listener: LinkListener) {
    this.#server = server
    this.#listener = listener
    this.#watch = new ThrowWatch(server, () => this.#context.getStore())
    this.#transport = {
      start: async () => {},
      send: async (message, options) => this.#receive(message, options?.relatedRequestId),
      close: async () => this.#transport.onclose?.(),
      onclose: () => this.#onClosed(),
      setProtocolVersion: () => {},
    }
  }

  async connect(): Promise<void> {
    lowLevelOf(this.#server).onerror ??= (error) => this.#listener.fault('The SDK server reports a problem.', error)
    await this.#server.connect(this.#transport)
  }

  /** Sends a request that belongs to no caller. Rejects with `ServerError`, or when `signal` fires. */
  async request(method: string, params: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    this.#assertOpen()
    signal.throwIfAborted()
    const id = this.#nextId()
    let stop = (): void => {}
    try {
      const response = await new Promise<Message>((resolve, reject) => {
        stop = () => reject(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
        this.#requests.set(id, resolve)
        this.#deliver({ jsonrpc: '2.0', id, method, params })
      })
      if (response.error !== undefined) throw new ServerError(response.error)
      return response.result
    } finally {
      this.#requests.delete(id)
      signal.removeEventListener('abort', stop)
    }
  }

  notify(method: string, params?: Record<string, unknown>): void {
    this.#deliver({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) })
  }

  /** Sends a request on behalf of a caller. Its response, questions and reports go to the call. */
  start(target: Target, context: CallContext): ForwardedCall {
    this.#assertOpen()
    const call = new ForwardedCall({ id: this.#nextId(), target, callerId: context.caller.id })
    call.attend(context)
    call.watch = this.#watch.prepare(target)
    this.#calls.set(call.id, call)
    const meta = { ...foreignMeta(context), progressToken: call.id }
    const message: Message = {
      jsonrpc: '2.0',
      id: call.id,
      method: target.method,
      params: { ...target.params, _meta: meta },
    }
    this.#context.run(call, () => this.#deliver(message))
    return call
  }

  /** Hands the user's answer to the server's question. */
  answer(requestId: string | number, result: unknown): void {
    this.#deliver({ jsonrpc: '2.0', id: requestId, result })
  }

  /** Tells the server that nobody waits for a call any more. Idempotent. */
  cancel(call: ForwardedCall, reason: string): void {
    if (!this.#calls.delete(call.id)) return
    call.questions.clear()
    this.notify('notifications/cancelled', { requestId: call.id, reason })
    this.#closeIfIdle()
  }

  /** Lets what runs come to its end, then closes. */
  retire(): void {
    this.#closesWhenIdle = true
    this.#closeIfIdle()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#closesWhenIdle = false
    for (const call of [...this.#calls.values()]) {
      this.cancel(call, 'The server is stopped.')
      call.settle({ jsonrpc: '2.0', id: call.id, error: CLOSED })
    }
    await this.#closeServer()
    this.#onClosed()
  }

  #nextId(): number {
    // From 1: version 1 of the SDK takes the id 0 for none.
    this.#lastId += 1
    return this.#lastId
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('The SDK server has closed its connection.')
  }

  #deliver(message: Message): void {
    if (!this.#isClosed) this.#transport.onmessage?.(message)
  }

  #receive(message: Message, relatedRequestId: string | number | undefined): void {
    if (message.method === undefined) this.#receiveResponse(message)
    else if (message.id !== undefined) this.#receiveRequest(message, this.#findCall(relatedRequestId))
    else this.#receiveNotification(message, this.#findCall(relatedRequestId))
  }

  #receiveResponse(message: Message): void {
    const id = Number(message.id)
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    call?.settle(message)
    this.#requests.get(id)?.(message)
    this.#closeIfIdle()
  }

  /** A message without a living call could be about anybody's, so it is nobody's. */
  #findCall(relatedRequestId: string | number | undefined): ForwardedCall | undefined {
    const id = relatedRequestId === undefined ? this.#context.getStore()?.id : Number(relatedRequestId)
    return id === undefined ? undefined : this.#calls.get(id)
  }

  #receiveRequest(message: Message, call: ForwardedCall | undefined): void {
    const id = message.id as string | number
    if (message.method === 'ping') {
      this.answer(id, {})
      return
    }
    const { request, refusal } = toInputRequest(message, call)
    if (refusal === undefined) {
      call?.ask({ requestId: id, request })
      return
    }
    // The server may have another way; only if it has none will the caller hear of it.
    if (call !== undefined && request !== undefined) call.unasked = request
    this.#deliver({ jsonrpc: '2.0', id, error: refusal })
  }

  #receiveNotification({ method, params = {} }: Message, call: ForwardedCall | undefined): void {
    switch (method) {
      case 'notifications/progress':
        this.#calls.get(Number(params.progressToken))?.round?.report(toProgress(params))
        return
      case 'notifications/message':
        call?.round?.log(params.level as LogLevel, params.data, params.logger as string | undefined)
        return
      case 'notifications/cancelled':
        for (const one of this.#calls.values()) if (one.withdraw(params.requestId as number)) return
        return
      case 'notifications/tools/list_changed':
      case 'notifications/resources/list_changed':
      case 'notifications/prompts/list_changed':
        this.#listener.listChanged()
        return
      case 'notifications/resources/updated':
        if (typeof params.uri === 'string') this.#listener.resourceUpdated(params.uri, call)
    }
  }

  #closeIfIdle(): void {
    if (this.#closesWhenIdle && this.#calls.size === 0 && !this.#isClosed) void this.close()
  }

  async #closeServer(): Promise<void> {
    try {
      await this.#server.close()
    } catch (cause) {
      this.#listener.fault('The SDK server could not be closed.', cause)
    }
  }

  #onClosed(): void {
    this.#isClosed = true
    for (const call of this.#calls.values()) call.settle({ jsonrpc: '2.0', id: call.id, error: CLOSED })
    for (const settle of this.#requests.values()) settle({ jsonrpc: '2.0', error: CLOSED })
    this.#calls.clear()
    this.#requests.clear()
  }
}

function toProgress({ progress, total, message }: Readonly<Record<string, unknown>>): Progress {
  return {
    progress: Number(progress),
    ...(typeof total === 'number' ? { total } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  }
}

/** Trace context and the like go along; what the protocol itself put there is between the client and Toolgate. */
function foreignMeta({ meta }: CallContext): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !key.startsWith('io.modelcontextprotocol/')))
}
