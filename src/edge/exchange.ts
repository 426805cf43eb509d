import type { ClientCapabilities, Implementation, LogLevel } from '../capabilities/protocol.ts'
import type { Principal } from '../identity/principal.ts'
import type { Cancellation, Era } from '../pipeline/call.ts'
import type { Params } from './protocol/json-rpc.ts'

/** What a client of the legacy era has set for its later requests. */
export interface SessionSettings {
  readonly logLevel: LogLevel
  /** URIs of resources whose changes it wants to hear of. */
  readonly subscriptions: ReadonlySet<string>
  /** Which process it listens at for what belongs to no request; absent while it never did. */
  readonly listener?: string
}

/** What lasts from one request of the legacy era to the next. */
export interface SessionState {
  /**
   * Changes the settings, for every process that serves the session. `change` may run more than once, and refuses the
   * change by throwing.
   */
  change(change: (before: SessionSettings) => SessionSettings): void | Promise<void>
}

/** The connection that the answer to a request goes out on. */
export interface Line {
  /** Whether somebody listens right now. */
  readonly isOpen: boolean
  /** Opens it before there is something to say, so that it is kept alive and can be resumed. */
  open(): void
}

/** One request on its way: who sent it, in which era, and how to reach back while it is served. */
export interface Exchange {
  readonly era: Era
  readonly version: string
  readonly transport: 'http' | 'stdio' | 'memory'
  readonly principal: Principal
  readonly client: { readonly info?: Implementation; readonly capabilities: ClientCapabilities }
  /** The least severity that the client wants to be sent; `undefined` for none. */
  readonly logLevel: LogLevel | undefined
  readonly cancellation: Cancellation
  /** Sends a notification that belongs to this request. */
  send(method: string, params: Params): void
  /** Asks the client; only the legacy era can. Rejects when it fails, is refused or takes too long. */
  readonly ask: ((method: string, params: Params | undefined) => Promise<unknown>) | undefined
  closeStream(): void
  /** Where the answer may be long in coming, and the client may leave without a word: its line. */
  readonly line?: Line
  /** What a session of the legacy era keeps between requests. */
  readonly session?: SessionState
}
