import type { Observer } from '../../observe/observation.ts'
import type { OverloadOptions } from '../options.ts'

/** What a shedder needs. */
export interface LoadShedderParts {
  readonly options: OverloadOptions
  readonly observe: Observer
  /** Milliseconds, never set back. */
  readonly now?: () => number
  /** Of these, how many the event loop had nothing to do. */
  readonly idle?: () => number
}

/** A call that was let in, until its answer is sent. */
export interface Place {
  /** Gives the place back. Idempotent. */
  leave(): void
}

/** How often it is judged how the event loop does. */
const LOOK_MS = 50
/** Nobody has called for so long: nothing is looked at any more. */
const IDLE_MS = 1_000
/** A loop that has more to do than it can is busy for this share of the time; now and then all calls wait for the disk. */
const SATURATED = 0.85
/** Calls that are let in however busy the loop is. */
const MIN_LIMIT = 4
/** While an overload lasts, calls are to take this share of what they may take before it is one. */
const AIM = 0.1
const SHRINK = 0.7
/** The limit grows by this share where the loop has time to spare, and by one call at least. */
const GROWTH = 0.1
/** Looks in a row at which nobody was refused; then the overload is over. */
const QUIET = 10

/**
 * Lets no more calls in over HTTP than the event loop keeps up with. An overload begins when the loop has had no time to
 * spare for a while and calls take longer than they should: by Little's law, how many were in flight over how many were
 * answered. Calls that wait for something else do not count as long as the loop has time to spare. While it lasts, a limit
 * of calls at once shrinks by a share and grows slowly (AIMD), so that those let in are answered soon. Calls of principals
 * with many of them are refused first.
 */
export class LoadShedder {
  readonly #options: OverloadOptions
  readonly #observe: Observer
  readonly #now: () => number
  readonly #idle: () => number
  readonly #held = new Map<string, number>()
  #inFlight = 0
  #limit = Number.POSITIVE_INFINITY
  #refusals = 0
  #timer: NodeJS.Timeout | undefined
  #usedAt = 0
  /** Since when every look has found an overload. */
  #lateSince: number | undefined
  #window: Window = { since: 0, idleMs: 0, countedAt: 0, callMs: 0, left: 0, refused: 0 }
  #overload: Overload | undefined

  constructor({ options, observe, now = () => performance.now(), idle = readIdle }: LoadShedderParts) {
    this.#options = options
    this.#observe = observe
    this.#now = now
    this.#idle = idle
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
    if (this.#inFlight >= this.#limit && !this.#isOwed(principalId)) {
      this.#window.refused += 1
      this.#refusals += 1
      return undefined
    }
    if (this.#timer === undefined && this.#options.enabled) this.#start()
    this.#count(1)
    this.#held.set(principalId, (this.#held.get(principalId) ?? 0) + 1)
    let hasLeft = false
    return {
      leave: () => {
        if (hasLeft) return
        hasLeft = true
        this.#leave(principalId)
      },
    }
  }

  /** Judges what was seen since the last time. */
  look(): void {
    const now = this.#now()
    const { isSaturated, tookMs, refused, left } = this.#reopen(now)
    if (left > 0 || this.#inFlight > 0) this.#usedAt = now
    if (this.#overload !== undefined) {
      this.#steer(this.#overload, { isSaturated, tookMs, refused, now })
    } else if (isSaturated && tookMs > this.#options.maxDelayMs) {
      this.#lateSince ??= now - LOOK_MS
      if (now - this.#lateSince >= this.#options.windowMs) this.#begin(tookMs, now)
    } else {
      this.#lateSince = undefined
      if (now - this.#usedAt > IDLE_MS) this.close()
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Whoever holds less than an equal share is let in beyond the limit, which is never more than doubled by it. */
  #isOwed(principalId: string): boolean {
    const held = this.#held.get(principalId) ?? 0
    const holders = this.#held.size + (held === 0 ? 1 : 0)
    return this.#inFlight < 2 * this.#limit && held < Math.max(1, Math.floor(this.#limit / holders))
  }

  #leave(principalId: string): void {
    this.#count(-1)
    this.#window.left += 1
    const held = (this.#held.get(principalId) ?? 0) - 1
    if (held > 0) this.#held.set(principalId, held)
    else this.#held.delete(principalId)
  }

  /** Adds up how long calls have been in flight. */
  #count(change: 1 | -1): void {
    const now = this.#now()
    const window = this.#window
    window.callMs += this.#inFlight * (now - window.countedAt)
    window.countedAt = now
    this.#inFlight += change
  }

  #start(): void {
    const now = this.#now()
    this.#usedAt = now
    this.#lateSince = undefined
    this.#window = { since: now, idleMs: this.#idle(), countedAt: now, callMs: 0, left: 0, refused: 0 }
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref()
  }

  #reopen(now: number): Seen {
    const { since, idleMs, countedAt, callMs, left, refused } = this.#window
    const nowIdleMs = this.#idle()
    const busy = 1 - (nowIdleMs - idleMs) / Math.max(1, now - since)
    const inFlightMs = callMs + this.#inFlight * (now - countedAt)
    this.#window = { since: now, idleMs: nowIdleMs, countedAt: now, callMs: 0, left: 0, refused: 0 }
    // A pause is no time in which calls could have been answered: one that nothing ended in says nothing.
    const tookMs = left === 0 ? 0 : inFlightMs / left
    return { isSaturated: busy >= SATURATED, tookMs, refused, left }
  }

  #begin(tookMs: number, now: number): void {
    const { maxDelayMs } = this.#options
    this.#limit = Math.max(MIN_LIMIT, Math.floor((this.#inFlight * AIM * maxDelayMs) / tookMs))
    this.#overload = { since: now, refusals: this.#refusals, quiet: 0 }
    const details = { delayMs: Math.round(tookMs), callsInFlight: this.#inFlight }
    const message = 'The event loop does not keep up: calls over HTTP are refused'
    this.#observe({ type: 'overload.began', message, details })
  }

  /** How many calls the loop keeps up with, and whether the overload is over. */
  #steer(overload: Overload, { isSaturated, tookMs, refused, now }: Omit<Seen, 'left'> & { now: number }): void {
    const isLate = isSaturated && tookMs > AIM * this.#options.maxDelayMs
    if (isLate) this.#limit = Math.max(MIN_LIMIT, Math.floor(Math.min(this.#limit, this.#inFlight + 1) * SHRINK))
    else if (!isSaturated) this.#limit += Math.max(1, Math.floor(this.#limit * GROWTH))
    overload.quiet = refused === 0 ? overload.quiet + 1 : 0
    if (overload.quiet >= QUIET && !isLate) this.#end(overload, now)
  }

  #end(overload: Overload, now: number): void {
    this.#overload = undefined
    this.#limit = Number.POSITIVE_INFINITY
    this.#lateSince = undefined
    const details = { refused: this.#refusals - overload.refusals, durationMs: Math.round(now - overload.since) }
    this.#observe({ type: 'overload.ended', message: 'The event loop keeps up again', details })
  }
}

interface Overload {
  readonly since: number
  /** Refusals before it. */
  readonly refusals: number
  /** Looks in a row. */
  quiet: number
}

/** What was counted since it was opened. */
interface Window {
  readonly since: number
  /** Of the loop, when it was opened. */
  readonly idleMs: number
  countedAt: number
  /** Milliseconds that calls were in flight, of all of them together. */
  callMs: number
  left: number
  refused: number
}

/** What a window says. */
interface Seen {
  readonly isSaturated: boolean
  /** How long a call took, on average. */
  readonly tookMs: number
  readonly refused: number
  readonly left: number
}

function readIdle(): number {
  return performance.eventLoopUtilization().idle
}
