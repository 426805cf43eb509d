import type { ChangeNotifier } from '../capabilities/call-context.ts'
import type { InputResponses } from '../capabilities/input-required.ts'
import type { ClientCapabilities, Implementation, LogLevel, Meta, Progress } from '../capabilities/protocol.ts'
import type { Principal } from '../identity/principal.ts'

/** What is asked for. A resource read finds a fixed resource or a template; `task` looks at or steers a task of a tool. */
export type CallKind = 'tool' | 'resource' | 'prompt' | 'completion' | 'task'

/** The protocol era a request was made in. */
export type Era = 'legacy' | 'modern'

/** How a call reaches back to its caller while it runs. Every function is a no-op where nobody listens. */
export interface Channel {
  report(progress: Progress): void
  log(level: LogLevel, data: unknown, logger: string | undefined): void
  closeStream(): void
}

/** Lets a call outlive the request that made it. */
export interface Handoff {
  /** Called when every guard has let the call pass, before the handler runs. Throws to refuse the call. */
  begin(): void
  /** Called when the handler did not return at once: nobody needs to wait for it. */
  leave(): void
}

/** One call on its way through the guards. */
export interface Call {
  /** Unguessable; stands in the log, the audit trail and every error. */
  readonly id: string
  readonly kind: CallKind
  /** The JSON-RPC method, for records. */
  readonly method: string
  /** Tool or prompt name, resource URI. */
  readonly name: string
  /** Raw arguments as they came. */
  readonly input: unknown
  readonly principal: Principal
  readonly era: Era
  readonly transport: 'http' | 'stdio' | 'memory'
  readonly meta: Meta
  readonly client: { readonly info?: Implementation; readonly capabilities: ClientCapabilities }
  readonly inputs: InputResponses
  readonly state: unknown
  readonly cancellation: Cancellation
  readonly channel: Channel
  readonly notify: ChangeNotifier
  /** For `completion`: which argument of what, and what was typed. */
  readonly completion: CompletionRequest | undefined
  /** For tools that run as tasks. */
  readonly handoff?: Handoff | undefined
  /** For `task`: what to do when the guards have let it pass. Absent when there is no such task. */
  readonly operation?: (() => unknown) | undefined
}

export interface CompletionRequest {
  readonly of: 'prompt' | 'resourceTemplate'
  readonly argument: string
  readonly typed: string
  readonly arguments: Readonly<Record<string, string>>
}

/**
 * Tells a call that nobody waits any more. A plain listener slot instead of an `AbortController`: an abort signal costs
 * more than the rest of a call together, so it is made only when a handler asks for it.
 */
export class Cancellation {
  #cancelled = false
  #listener: (() => void) | undefined

  get isCancelled(): boolean {
    return this.#cancelled
  }

  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    this.#listener?.()
  }

  /** There is one listener, the running call. */
  onCancel(listener: (() => void) | undefined): void {
    this.#listener = listener
    if (listener !== undefined && this.#cancelled) listener()
  }
}
