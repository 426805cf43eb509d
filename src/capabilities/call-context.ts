import type { InputResponses } from './input-required.ts'
import type { ClientCapabilities, Implementation, LogLevel, Meta, Progress } from './protocol.ts'

/** Who calls, as far as a handler may know. */
export interface Caller {
  /** Stable and unique: what records and limits are kept under. */
  readonly id: string
  /** For people: the name of the key or user. */
  readonly name: string
  readonly tenant?: string
  readonly roles: readonly string[]
  /** Further attributes of whoever it is, as its credential or the configuration states them; never what a caller says. */
  readonly claims?: Readonly<Record<string, Claim>>
}

/** The value of an attribute. */
export type Claim = string | number | boolean | readonly string[]

/** Announces that something changed; whoever subscribed and may see it is told. */
export interface ChangeNotifier {
  toolsChanged(): void
  promptsChanged(): void
  resourcesChanged(): void
  resourceUpdated(uri: string): void
}

/** What a handler is given beside its input. */
export interface CallContext {
  /** Stands in the log, the audit trail and in every error of this call. */
  readonly callId: string
  readonly caller: Caller
  /** Fires when the caller cancels or leaves, or the deadline passes; never after the handler has settled. */
  readonly signal: AbortSignal
  /** The client's self-reported name and what it declared it can do; never a ground for a decision. */
  readonly client: { readonly info?: Implementation; readonly capabilities: ClientCapabilities }
  /** `_meta` of the request. */
  readonly meta: Meta
  /** Answers to what an earlier round asked with `inputRequired`. */
  readonly inputs: InputResponses
  /** The `state` that an earlier round gave to `inputRequired`. */
  readonly state: unknown
  /** Tells the caller how far the work is. Extends the deadline up to the hard maximum. No-op if nobody asked. */
  report(progress: Progress): void
  /** Sends a log message to the client, if it asked for this level. Never put secrets in it. */
  log(level: LogLevel, data: unknown, logger?: string): void
  readonly notify: ChangeNotifier
  /** Ends the current response stream; the client comes back for the rest. Only older HTTP sessions can; else no-op. */
  closeStream(): void
}
