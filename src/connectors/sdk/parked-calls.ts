import type { ForwardedCall } from './forwarded-call.ts'
import type { ServerLink } from './server-link.ts'

/** How many calls may wait for their users, and how long. */
export interface ParkingLimits {
  readonly max: number
  readonly maxPerCaller: number
  readonly ttlMs: number
}

/** A call and the server it runs on. */
export interface Parked {
  readonly call: ForwardedCall
  readonly link: ServerLink
}

const DEFAULT_LIMITS: ParkingLimits = { max: 1_000, maxPerCaller: 20, ttlMs: 600_000 }

/**
 * The calls that wait for an answer of their user. Each belongs to its caller and is found by nobody else. One that is
 * not fetched in time is cancelled, and so is the oldest of a caller who leaves too many behind.
 */
export class ParkedCalls {
  readonly #limits: ParkingLimits
  readonly #parked = new Map<string, Parked & { readonly timer: NodeJS.Timeout }>()
  /** Keys by caller, oldest first. */
  readonly #byCaller = new Map<string, Set<string>>()

  constructor(limits: ParkingLimits = DEFAULT_LIMITS) {
    this.#limits = limits
  }

  /** Keeps a call; `false` when there is no room for it. */
  park(parked: Parked): boolean {
    const { key, callerId } = parked.call
    const own = this.#byCaller.get(callerId) ?? new Set()
    const [oldest] = own
    if (own.size >= this.#limits.maxPerCaller && oldest !== undefined) this.#expire(oldest)
    if (this.#parked.size >= this.#limits.max) return false
    const timer = setTimeout(() => this.#expire(key), this.#limits.ttlMs).unref()
    this.#parked.set(key, { ...parked, timer })
    this.#byCaller.set(callerId, own.add(key))
    return true
  }

  /** Hands the call back to its caller, once. */
  take(key: string, callerId: string): Parked | undefined {
    const found = this.#parked.get(key)
    if (found === undefined || found.call.callerId !== callerId) return undefined
    clearTimeout(found.timer)
    this.#parked.delete(key)
    const own = this.#byCaller.get(callerId)
    own?.delete(key)
    if (own?.size === 0) this.#byCaller.delete(callerId)
    return found
  }

  clear(): void {
    for (const key of [...this.#parked.keys()]) this.#expire(key)
  }

  #expire(key: string): void {
    const found = this.#parked.get(key)
    if (found === undefined) return
    this.take(key, found.call.callerId)
    found.link.cancel(found.call, 'Nobody answered in time.')
  }
}
