import { setImmediate } from 'node:timers/promises'
import type { Observation, Observer } from '../observe/observation.ts'
import { USAGE_STEPS, type UsageKept, type UsageRow, type UsageStore } from '../storage/usage-store.ts'
import type { UsageOptions } from './options.ts'
import { UsageTally } from './usage-tally.ts'

/** What a recorder works with. */
export interface UsageParts {
  readonly store: UsageStore
  readonly options: Omit<UsageOptions, 'enabled'>
  /** Whether a tool of this name is offered now. */
  readonly isTool: (name: string) => boolean
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Is told when the store fails, once, and when it works again. */
  readonly observer: Observer
}

const DAY_MS = 86_400_000
/** Rows of one transaction, which nothing else in the process runs beside. */
const BATCH = 100
/** Transactions in which the store is tidied at a time; what is left comes with the next minute. */
const MAX_TURNS = 50

/** Counts calls in memory and writes the sums to a store every minute. A store that fails costs counts and never a call. */
export class UsageRecorder {
  readonly #parts: UsageParts
  readonly #tally: UsageTally
  readonly #timer: NodeJS.Timeout
  /** Taken from the tally and not written yet. */
  #pending: UsageRow[] = []
  #lostCalls = 0
  #hasFailed = false
  #nextTidy = 0
  #written: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(parts: UsageParts) {
    this.#parts = parts
    this.#tally = new UsageTally(parts.options, parts.isTool)
    this.#timer = setInterval(() => void this.flush(), USAGE_STEPS.fineMs).unref()
  }

  /** Counts a tool call that has ended; ignores everything else. */
  observe(observation: Observation): void {
    if (observation.type !== 'call.ended' || observation.kind !== 'tool') return
    this.#tally.add(observation, this.#parts.clock())
  }

  /** Writes what was counted so far, and tidies the store when that is due. Never rejects. */
  flush(): Promise<void> {
    this.#written = this.#written.then(() => this.#write())
    return this.#written
  }

  /** Writes what is left and lets go of the store. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
    try {
      await this.#parts.store.close()
    } catch (cause) {
      this.#fail(cause)
    }
  }

  async #write(): Promise<void> {
    this.#pending.push(...this.#tally.take())
    this.#forgetOldest()
    try {
      await this.#writePending()
      await this.#tidy()
      this.#recover()
    } catch (cause) {
      this.#fail(cause)
    }
  }

  /** A store that does not come back must not fill the memory. */
  #forgetOldest(): void {
    const excess = this.#pending.length - 4 * this.#parts.options.maxSeries
    if (excess <= 0) return
    for (const { sketch } of this.#pending.splice(0, excess)) this.#lostCalls += sketch.count
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending.slice(0, BATCH)
      await this.#parts.store.add(batch)
      this.#pending.splice(0, batch.length)
      await setImmediate()
    }
  }

  async #tidy(): Promise<void> {
    const now = this.#parts.clock()
    if (now < this.#nextTidy) return
    const kept = keptAt(now, this.#parts.options.maxRows)
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      if (!(await this.#parts.store.tidy(kept))) {
        this.#nextTidy = now + USAGE_STEPS.coarseMs
        return
      }
      await setImmediate()
    }
  }

  #fail(cause: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#parts.observer({ type: 'fault', message: 'The use of tools cannot be written; calls go on.', cause })
  }

  #recover(): void {
    if (!this.#hasFailed) return
    const details = { lostCalls: this.#lostCalls }
    this.#hasFailed = false
    this.#lostCalls = 0
    this.#parts.observer({ type: 'warning', message: 'The use of tools is written again.', details })
  }
}

/** A day by the minute, thirty days by the quarter of an hour. */
function keptAt(now: number, maxRows: number): UsageKept {
  const { coarseMs } = USAGE_STEPS
  const fineFrom = now - DAY_MS
  const coarseFrom = now - 30 * DAY_MS
  return {
    fineFrom: fineFrom - (fineFrom % coarseMs),
    coarseFrom: coarseFrom - (coarseFrom % coarseMs),
    maxRows,
    limit: BATCH,
  }
}
