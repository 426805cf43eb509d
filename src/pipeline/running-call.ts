import type { CallContext, Caller, ChangeNotifier } from '../capabilities/call-context.ts'
import type { InputResponses } from '../capabilities/input-required.ts'
import type { LogLevel, Meta, Progress } from '../capabilities/protocol.ts'
import { Tally } from '../sanitize/apply-findings.ts'
import { maskValue } from '../sanitize/mask-value.ts'
import type { Masker } from '../sanitize/masker.ts'
import type { Call } from './call.ts'
import { nextFullAt, type Rate, waitMsFor } from './rate-counters.ts'

/** Reports of progress that reach a caller: twenty at once, then ten a second. */
const PACE: Rate = { callsPerMinute: 600, burst: 20 }

/**
 * What a handler holds while it runs. After it has settled every channel back to the caller is dead and the signal can
 * fire no more, so that a late listener does not cancel somebody else's work.
 */
export class RunningCall implements CallContext {
  onProgress: (() => void) | undefined
  onCancel: (() => void) | undefined
  readonly #call: Call
  readonly #maxNotifications: number
  readonly #maskerOf: () => Masker
  #notifications = 0
  #paceFullAt = 0
  #progress = Number.NEGATIVE_INFINITY
  #isSettled = false
  #controller: AbortController | undefined

  constructor(call: Call, maxNotifications: number, maskerOf: () => Masker) {
    this.#call = call
    this.#maxNotifications = maxNotifications
    this.#maskerOf = maskerOf
    call.cancellation.onCancel(() => {
      this.abort()
      this.onCancel?.()
    })
  }

  get callId(): string {
    return this.#call.id
  }

  get caller(): Caller {
    return this.#call.principal
  }

  get client(): CallContext['client'] {
    return this.#call.client
  }

  get meta(): Meta {
    return this.#call.meta
  }

  get inputs(): InputResponses {
    return this.#call.inputs
  }

  get state(): unknown {
    return this.#call.state
  }

  get notify(): ChangeNotifier {
    return this.#call.notify
  }

  get arguments(): Readonly<Record<string, string>> {
    return this.#call.completion?.arguments ?? {}
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#call.cancellation.isCancelled) this.abort()
    return this.#controller.signal
  }

  // Bound, so that a handler may take them out of the context: `({ log }) => …`.
  readonly report = (progress: Progress): void => {
    if (this.#isSettled || !(progress.progress > this.#progress)) return
    this.#progress = progress.progress
    this.onProgress?.()
    if (this.#mayReport(progress) && this.#mayNotify()) this.#call.channel.report(this.#mask(progress))
  }

  readonly log = (level: LogLevel, data: unknown, logger?: string): void => {
    if (this.#mayNotify()) this.#call.channel.log(level, this.#mask(data), logger)
  }

  readonly closeStream = (): void => {
    if (!this.#isSettled) this.#call.channel.closeStream()
  }

  /** Fires the signal, unless the handler has settled. */
  abort(): void {
    if (!this.#isSettled) this.#controller?.abort()
  }

  /** Cuts every connection to the caller. Idempotent. */
  settle(): void {
    this.#isSettled = true
    this.onProgress = undefined
    this.onCancel = undefined
    this.#call.cancellation.onCancel(undefined)
  }

  /** What goes to the caller on the way passes the same rules as the result. */
  #mask<Sent>(sent: Sent): Sent {
    return maskValue(this.#maskerOf(), sent, new Tally()) as Sent
  }

  /** The last report always goes out; of those that come in a hurry only as many as a person could follow. */
  #mayReport({ progress, total }: Progress): boolean {
    if (progress === total) return true
    const now = performance.now()
    const next = nextFullAt(this.#paceFullAt, now, { cost: 1, rate: PACE })
    if (waitMsFor(next, now, PACE) > 0) return false
    this.#paceFullAt = next
    return true
  }

  /** A handler that floods its caller is cut off at the limit; its result still comes. */
  #mayNotify(): boolean {
    if (this.#isSettled || this.#notifications >= this.#maxNotifications) return false
    this.#notifications += 1
    return true
  }
}
