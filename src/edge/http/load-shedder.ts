import type { Observer } from '../../observe/observation.ts'
import type { OverloadOptions } from '../options.ts'

/** What a shedder needs. */
export interface LoadShedderParts {
  readonly options: OverloadOptions
  readonly observe: Observer
  /** Milliseconds, never set back. */
  readonly now?: () => number
}

/** A call that was let in, until its answer is sent. */
export interface Place {
  /** Gives the place back. Idempotent. */
  leave(): void
}

/** How often the event loop is looked at. */
const TICK_MS = 10
/** One long pause is one late look; only looks that are all late say that work piles up. */
const TICKS = 5
/** Nobody has called for so long: nothing is looked at any more. */
const IDLE_MS = 1_000
/** Calls that are let in however late the loop is. */
const MIN_LIMIT = 4
/** Of the delay that begins an overload: above this part of it, fewer calls are let in while it lasts. */
const CALM = 0.1
const SHRINK = 0.7
/** Judgements in a row at which nobody was refused and the loop was on time; then the overload is over. */
const QUIET = 10
/** Calm judgements in a row after which the limit grows faster and faster. */
const CAREFUL = 5

/**
 * Lets no more calls in over HTTP than the event loop keeps up with. Judged is the least delay of several looks in a row
 * (the idea of CoDel, RFC 8289): when even that is long, work piles up. Then a limit of calls at once shrinks by a share
 * and grows by one, until nobody is refused any more. Calls of principals with many of them are refused first.
 */
export class LoadShedder {
  readonly #options: OverloadOptions
  readonly #observe: Observer
  readonly #now: () => number
  readonly #held = new Map<string, number>()
  readonly #load = { inFlight: 0, peak: 0, refused: 0 }
  #limit = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #lookedAt = 0
  #enteredAt = 0
  #window = { since: 0, ticks: 0, leastMs: Number.POSITIVE_INFINITY }
  #overload: Overload | undefined
  #refusals = 0

  constructor({ options, observe, now = () => performance.now() }: LoadShedderParts) {
    this.#options = options
    this.#observe = observe
    this.#now = now
  }

  get isOverloaded(): boolean {
    return this.#overload !== undefined
  }

  /** Calls refused since the start. */
  get refusals(): number {
    return this.#refusals
  }

  /** Calls that may run at once; infinite without an overload. */
  get limit(): number {
    return this.#limit
  }

  /** Lets a call in, or answers `undefined`. */
  enter(principalId: string): Place | undefined {
    const load = this.#load
    if (load.inFlight >= this.#limit && !this.#isOwed(principalId)) {
      load.refused += 1
      this.#refusals += 1
      return undefined
    }
    load.inFlight += 1
    if (load.inFlight > load.peak) load.peak = load.inFlight
    this.#held.set(principalId, (this.#held.get(principalId) ?? 0) + 1)
    if (this.#timer === undefined && this.#options.enabled) this.#start()
    let hasLeft = false
    return {
      leave: () => {
        if (hasLeft) return
        hasLeft = true
        this.#leave(principalId)
      },
    }
  }

  /** Looks how late the event loop is. */
  look(): void {
    const now = this.#now()
    const lateMs = now - this.#lookedAt - TICK_MS
    this.#lookedAt = now
    const window = this.#window
    window.ticks += 1
    window.leastMs = Math.min(window.leastMs, lateMs)
    if (window.ticks < TICKS) return
    if (this.#overload === undefined) this.#judge(window.leastMs, now)
    else this.#steer(this.#overload, window.leastMs, now)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Whoever holds less than an equal share is let in beyond the limit, which is never more than doubled by it. */
  #isOwed(principalId: string): boolean {
    const held = this.#held.get(principalId) ?? 0
    const holders = this.#held.size + (held === 0 ? 1 : 0)
    return this.#load.inFlight < 2 * this.#limit && held < Math.max(1, Math.floor(this.#limit / holders))
  }

  #leave(principalId: string): void {
    this.#load.inFlight -= 1
    const held = (this.#held.get(principalId) ?? 0) - 1
    if (held > 0) this.#held.set(principalId, held)
    else this.#held.delete(principalId)
  }

  #start(): void {
    this.#lookedAt = this.#now()
    this.#begin(this.#lookedAt)
    this.#timer = setInterval(() => this.look(), TICK_MS).unref()
  }

  #begin(now: number): void {
    this.#window = { since: now, ticks: 0, leastMs: Number.POSITIVE_INFINITY }
    this.#load.peak = this.#load.inFlight
    this.#load.refused = 0
  }

  /** Whether an overload has begun. */
  #judge(leastMs: number, now: number): void {
    const { maxDelayMs, windowMs } = this.#options
    if (leastMs > maxDelayMs && now - this.#window.since < windowMs) return
    const { peak } = this.#load
    this.#begin(now)
    if (leastMs > maxDelayMs) {
      this.#limit = Math.max(MIN_LIMIT, Math.floor(peak / 2))
      this.#overload = { since: now, refusals: this.#refusals, calm: 0, quiet: 0 }
      const message = 'The event loop does not keep up: calls over HTTP are refused'
      this.#observe({ type: 'overload.began', message, details: { delayMs: Math.round(leastMs), callsInFlight: peak } })
    } else if (peak > 0) this.#enteredAt = now
    else if (now - this.#enteredAt > IDLE_MS) this.close()
  }

  /** How many calls the loop keeps up with, and whether the overload is over. */
  #steer(overload: Overload, leastMs: number, now: number): void {
    const { peak, refused } = this.#load
    this.#begin(now)
    if (leastMs > this.#options.maxDelayMs * CALM) {
      this.#limit = Math.max(MIN_LIMIT, Math.floor(Math.min(this.#limit, peak) * SHRINK))
      overload.calm = 0
      overload.quiet = 0
      return
    }
    overload.calm += 1
    this.#limit += overload.calm > CAREFUL ? Math.ceil(this.#limit / 2) : 1
    overload.quiet = refused === 0 ? overload.quiet + 1 : 0
    if (overload.quiet < QUIET) return
    this.#overload = undefined
    this.#limit = Number.POSITIVE_INFINITY
    this.#enteredAt = now
    const details = { refused: this.#refusals - overload.refusals, durationMs: Math.round(now - overload.since) }
    this.#observe({ type: 'overload.ended', message: 'The event loop keeps up again', details })
  }
}

interface Overload {
  readonly since: number
  /** Refusals before it. */
  readonly refusals: number
  /** Judgements in a row. */
  calm: number
  quiet: number
}
