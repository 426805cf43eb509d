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

/** How often the event loop is looked at. */
const TICK_MS = 10
/** Looks that make a judgement, at least: one long pause is one look. */
const TICKS = 5
/** Nobody has called for so long: nothing is looked at any more. */
const IDLE_MS = 1_000
/** A loop that has more to do than it can is busy for this share of the time; now and then all calls wait for the disk. */
const SATURATED = 0.8
/** Calls that are let in however busy the loop is. */
const MIN_LIMIT = 4
/** While an overload lasts, fewer calls are let in when the loop was busy for more than this share of the time. */
const BUSY = 0.95
const SHRINK = 0.8
/** Judgements in a row at which nobody was refused and the loop had time to spare; then the overload is over. */
const QUIET = 10
/** Judgements in a row with time to spare after which the limit grows faster and faster. */
const CAREFUL = 10

/**
 * Lets no more calls in over HTTP than the event loop keeps up with. An overload begins when the loop had no time to spare
 * at any of several looks in a row and calls wait for it for longer than they should: how late it is, or by Little's law
 * the fewest calls in flight over the calls answered in that time. The least of a window counts (the idea of CoDel,
 * RFC 8289), so a short burst or one long pause is none. Then a limit of calls at once shrinks by a share and grows by
 * one, so that the loop is just not saturated. Calls of principals with many of them are refused first.
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
  /** When it was looked at last, and how long the loop had had nothing to do by then. */
  #last = { at: 0, idleMs: 0 }
  #usedAt = 0
  #window: Window = openWindow(0, 0)
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
    this.#inFlight += 1
    if (this.#inFlight > this.#window.most) this.#window.most = this.#inFlight
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

  /** Looks how busy the event loop was since the last time. */
  look(): void {
    const [now, idleMs] = [this.#now(), this.#idle()]
    const tookMs = now - this.#last.at
    const window = this.#window
    window.ticks += 1
    window.tookMs += tookMs
    window.idleMs += idleMs - this.#last.idleMs
    window.longestMs = Math.max(window.longestMs, tookMs)
    window.leastLateMs = Math.min(window.leastLateMs, tookMs - TICK_MS)
    window.fewest = Math.min(window.fewest, this.#inFlight)
    const isSaturated = (idleMs - this.#last.idleMs) / tookMs < 1 - SATURATED
    this.#last = { at: now, idleMs }
    if (this.#overload !== undefined) {
      if (window.ticks >= TICKS) this.#steer(this.#overload, now)
    } else if (isSaturated) this.#judge(now)
    else this.#pass(now)
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
    this.#inFlight -= 1
    this.#window.left += 1
    const held = (this.#held.get(principalId) ?? 0) - 1
    if (held > 0) this.#held.set(principalId, held)
    else this.#held.delete(principalId)
  }

  #start(): void {
    const now = this.#now()
    this.#last = { at: now, idleMs: this.#idle() }
    this.#usedAt = now
    this.#open(now)
    this.#timer = setInterval(() => this.look(), TICK_MS).unref()
  }

  #open(now: number): Window {
    const ended = this.#window
    this.#window = openWindow(now, this.#inFlight)
    return ended
  }

  /** The loop had time to spare. */
  #pass(now: number): void {
    const { most } = this.#open(now)
    if (most > 0) this.#usedAt = now
    else if (now - this.#usedAt > IDLE_MS) this.close()
  }

  /** The loop had no time to spare, at this look and all those in the window: whether an overload has begun. */
  #judge(now: number): void {
    const { maxDelayMs, windowMs } = this.#options
    const { ticks, since } = this.#window
    if (ticks < TICKS || now - since < windowMs) return
    const { most, fewest, left, tookMs, longestMs, leastLateMs } = this.#open(now)
    // A pause is no time in which calls could have been answered.
    const waitMs = Math.max(leastLateMs, (fewest * (tookMs - longestMs)) / Math.max(1, left))
    if (waitMs <= maxDelayMs) return
    this.#limit = Math.max(MIN_LIMIT, Math.floor(most / 2))
    this.#overload = { since: now, refusals: this.#refusals, calm: 0, quiet: 0 }
    const details = { delayMs: Math.round(waitMs), callsInFlight: most }
    const message = 'The event loop does not keep up: calls over HTTP are refused'
    this.#observe({ type: 'overload.began', message, details })
  }

  /** How many calls the loop keeps up with, and whether the overload is over. */
  #steer(overload: Overload, now: number): void {
    const { most, refused, idleMs, tookMs } = this.#open(now)
    if (idleMs / tookMs < 1 - BUSY) {
      this.#limit = Math.max(MIN_LIMIT, Math.floor(Math.min(this.#limit, most) * SHRINK))
      overload.calm = 0
      overload.quiet = 0
      return
    }
    overload.calm += 1
    this.#limit += overload.calm > CAREFUL ? Math.ceil(this.#limit / 8) : 1
    overload.quiet = refused === 0 ? overload.quiet + 1 : 0
    if (overload.quiet >= QUIET) this.#end(overload, now)
  }

  #end(overload: Overload, now: number): void {
    this.#overload = undefined
    this.#limit = Number.POSITIVE_INFINITY
    this.#usedAt = now
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

/** What was seen since it was opened. */
interface Window {
  readonly since: number
  ticks: number
  tookMs: number
  idleMs: number
  longestMs: number
  leastLateMs: number
  /** Calls in flight. */
  fewest: number
  most: number
  left: number
  refused: number
}

function openWindow(since: number, inFlight: number): Window {
  return {
    ...{ since, ticks: 0, tookMs: 0, idleMs: 0, longestMs: 0, leastLateMs: Number.POSITIVE_INFINITY },
    ...{ fewest: inFlight, most: inFlight, left: 0, refused: 0 },
  }
}

function readIdle(): number {
  return performance.eventLoopUtilization().idle
}
