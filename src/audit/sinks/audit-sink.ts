import type { TrailLine } from '../read-after.ts'

/** A place that gets copies of the records. */
export interface AuditSink {
  /** How it is called in observations and records; unique among the sinks of a configuration. */
  readonly name: string
  /**
   * Hands records over, in order. Resolves when the other side has all of them, as far as its protocol tells. Rejects when it
   * may not have all of them, also when the signal says so: then the same records come again, so that some may arrive twice.
   */
  send(records: readonly TrailLine[], signal: AbortSignal): Promise<void>
  /** Lets go of connections. Idempotent. */
  close(): Promise<void>
}

/** Why a sink did not take records, in words that may be shown: nothing of a credential is in them. */
export class SinkFailure extends Error {
  /** When the other side asked to be asked again; milliseconds from now. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SinkFailure'
    this.retryAfterMs = options.retryAfterMs
  }
}

/** What was thrown as a failure of a sink: codes of the system and of TLS are told, other texts are not. */
export function toSinkFailure(thrown: unknown): SinkFailure {
  if (thrown instanceof SinkFailure) return thrown
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
  const told = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'it failed'
  return new SinkFailure(told, { cause: thrown })
}
