import { randomBytes } from 'node:crypto'
import type { ClientCapabilities, Implementation } from '../../capabilities/protocol.ts'
import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import { Cancellation } from '../../pipeline/call.ts'
import type { Engine } from '../engine.ts'
import { type ChangeEvent, toNotification } from '../event-bus.ts'
import type { Exchange, Line, SessionSettings, SessionState } from '../exchange.ts'
import { mayHear } from '../may-hear.ts'
import type { JsonRpcNotification, JsonRpcRequest, JsonRpcResponse, Params, RequestId } from '../protocol/json-rpc.ts'
import { LegacyExchange } from './legacy-exchange.ts'
import { ResumableStreams } from './resumable-stream.ts'

/** What `initialize` agreed on. */
export interface Opening {
  readonly version: string
  readonly client: { readonly info?: Implementation; readonly capabilities: ClientCapabilities }
}

/** A way out to the client: the stream of one request, or the one for everything else. */
export interface Outlet {
  /** Whether somebody listens right now. */
  readonly isOpen: boolean
  send(message: JsonRpcRequest | JsonRpcNotification): void
  close(): void
}

/** What the client is asked, over which stream, and which call asks. */
export interface Question {
  readonly method: string
  readonly params: Params | undefined
  readonly outlet: Outlet
  readonly by: Cancellation
}

/** The way out that belongs to one request. */
export interface Reply extends Outlet {
  /** The connection under it, where there is one of its own. */
  readonly line?: Line
}

interface Ask {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
  /** The call that asks. */
  readonly by: Cancellation
}

type Change = (before: SessionSettings) => SessionSettings

/** What a session is made of. */
export interface SessionParts {
  readonly id: string
  readonly principal: Principal
  readonly transport: Exchange['transport']
  readonly opening: Opening
  /** Absent for a new session, as is `revision`. */
  readonly settings?: SessionSettings
  readonly revision?: number
  /** Makes a change last beyond this process. Without it the session lives here alone. */
  readonly keep?: (session: LegacySession, change: Change) => Promise<void>
}

const ASK_ID = /^ask-[\w-]{8}-\d+$/
const INITIAL: SessionSettings = { logLevel: 'info', subscriptions: new Set() }

/** One client of a revision before 2026-07-28: what it agreed on, what it is being asked, what it subscribed to. */
export class LegacySession implements SessionState {
  settings: SessionSettings
  /** Which state of the session's record `settings` are. */
  revision: number
  /** The last use that the record knows of, in milliseconds since the epoch. */
  touchedAt: number
  /** Where messages go that belong to no request. */
  outlet: Outlet | undefined
  /** Milliseconds since the epoch. */
  lastSeenAt: number
  /** Whoever sent the last request; always of the same id. */
  principal: Principal
  readonly id: string
  readonly opening: Opening
  /** Tells this process's part in the session from those of others; not a secret. */
  readonly tag: string = randomBytes(6).toString('base64url')
  readonly #engine: Engine
  readonly #keep: SessionParts['keep']
  readonly #inFlight = new Map<RequestId, Cancellation>()
  readonly #asks = new Map<RequestId, Ask>()
  readonly #stopEvents: () => void
  readonly #transport: Exchange['transport']
  readonly #startedMark: number
  #hasEnded = false
  #streams: ResumableStreams | undefined
  #askCount = 0

  constructor(engine: Engine, parts: SessionParts) {
    const { id, principal, transport, opening, settings = INITIAL, revision = 0, keep } = parts
    this.#engine = engine
    this.#keep = keep
    this.#transport = transport
    this.#startedMark = engine.guards.timer()
    this.id = id
    this.principal = principal
    this.opening = opening
    this.settings = settings
    this.revision = revision
    this.lastSeenAt = engine.guards.clock()
    this.touchedAt = this.lastSeenAt
    this.#stopEvents = engine.events.subscribe((event) => this.#announce(event))
  }

  /** Streams that the client may come back to. */
  get streams(): ResumableStreams {
    this.#streams ??= new ResumableStreams()
    return this.#streams
  }

  /** Whether a call is running or the client is listening; such a session is not idle. */
  get isBusy(): boolean {
    return this.#inFlight.size > 0 || this.outlet?.isOpen === true
  }

  async change(change: Change): Promise<void> {
    if (this.#keep === undefined) this.settings = change(this.settings)
    else await this.#keep(this, change)
  }

  /** Takes over settings that another process made, and leaves the client to it where that listens now. */
  adopt(settings: SessionSettings): void {
    this.settings = settings
    if (settings.listener === this.tag) return
    this.outlet?.close()
    this.outlet = undefined
  }

  /**
   * Begins a request; `outlet` is its own stream. Call `endRequest` when it is answered. Throws `INVALID_REQUEST` when
   * one with its id is running: only one of the two could be cancelled, and the session would end without the other.
   */
  beginRequest(
    request: JsonRpcRequest,
    outlet: Reply,
    transport: Exchange['transport'],
    cancellation: Cancellation = new Cancellation(),
  ): Exchange {
    if (this.#inFlight.has(request.id)) throw idIsTaken()
    this.#inFlight.set(request.id, cancellation)
    return new LegacyExchange(this, outlet, { transport, cancellation })
  }

  endRequest(request: JsonRpcRequest): void {
    this.#inFlight.delete(request.id)
  }

  /** Asks the client on behalf of a call. Rejects when it fails, is refused, takes too long, or the call is cancelled. */
  ask({ method, params, outlet, by }: Question): Promise<unknown> {
    this.#askCount += 1
    const id = `${this.#askPrefix}${this.#askCount}`
    const { askTimeoutMs } = this.#engine.options
    const answer = new Promise<unknown>((resolve, reject) => {
      const fail = (message: string): void => this.#takeAsk(id)?.reject(refusal(message))
      const timer = setTimeout(() => fail('The client did not answer the question in time.'), askTimeoutMs)
      this.#asks.set(id, { resolve, reject, timer, by })
      by.onCancel(() => this.#withdraw(by))
    })
    outlet.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) })
    return answer
  }

  /** Takes a notification of the client in. Unknown ones are ignored, as JSON-RPC wants. */
  takeNotification({ method, params }: JsonRpcNotification): void {
    if (method !== 'notifications/cancelled') return
    this.#inFlight.get(params?.requestId as RequestId)?.cancel()
  }

  /**
   * Takes the client's answer to a question in; one that nobody waits for is ignored. `false` when it answers a question
   * that was asked elsewhere.
   */
  takeResponse({ id, result, error }: JsonRpcResponse): boolean {
    const ask = this.#takeAsk(id)
    if (ask === undefined) return !ASK_ID.test(String(id)) || String(id).startsWith(this.#askPrefix)
    if (error === undefined) ask.resolve(result)
    else ask.reject(refusal('The client answered the question with an error.', error))
    return true
  }

  get #askPrefix(): string {
    return `ask-${this.tag}-`
  }

  /** Cancels what runs and lets go of everything. Idempotent. */
  end(): void {
    this.#stopEvents()
    for (const cancellation of this.#inFlight.values()) cancellation.cancel()
    for (const id of [...this.#asks.keys()]) this.#takeAsk(id)?.reject(refusal('The session has ended.'))
    this.#streams?.close()
    this.outlet?.close()
    this.outlet = undefined
    this.#observeEnd()
  }

  #observeEnd(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const { timer, observe } = this.#engine.guards
    const { version } = this.opening
    const durationMs = timer() - this.#startedMark
    observe({ type: 'session.ended', version, transport: this.#transport, durationMs })
  }

  #withdraw(cancelled: Cancellation): void {
    for (const [id, { by }] of [...this.#asks]) {
      if (by !== cancelled) continue
      this.#takeAsk(id)?.reject(new ToolgateError({ code: 'CANCELLED', message: 'The call was cancelled.' }))
    }
  }

  #takeAsk(id: RequestId | undefined): Ask | undefined {
    const ask = id === undefined ? undefined : this.#asks.get(id)
    if (ask === undefined || id === undefined) return undefined
    this.#asks.delete(id)
    clearTimeout(ask.timer)
    return ask
  }

  #announce(event: ChangeEvent): void {
    // Of their tasks clients learn by asking; a notification is optional (2025-11-25, Task Notifications).
    if (this.outlet === undefined || event.kind === 'task') return
    if (event.kind === 'resource' && !this.settings.subscriptions.has(event.uri)) return
    if (!mayHear(this.#engine.guards, this.principal, event)) return
    this.outlet.send({ jsonrpc: '2.0', ...toNotification(event) })
  }
}

/** What a second request under the id of one that is running is refused with. */
export function idIsTaken(): ToolgateError {
  const hint = 'Every request needs an id of its own.'
  return new ToolgateError({ code: 'INVALID_REQUEST', message: 'A request with this id is running.', hint })
}

function refusal(message: string, cause?: unknown): ToolgateError {
  return new ToolgateError({ code: 'USER_ERROR', message, cause })
}
