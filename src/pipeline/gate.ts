import { ToolgateError } from '../errors.ts'
import type { Cancellation } from './call.ts'
import { FairQueue } from './fair-queue.ts'

/** How many calls may run and wait. */
export interface GateLimits {
  readonly maxConcurrent: number
  readonly maxQueued: number
  readonly maxQueuedMs: number
}

/** Who wants in, and what else bounds it. */
export interface Entrant {
  readonly principal: string
  readonly principalMax: number
  /** Counted only where `capabilityMax` is given. */
  readonly capability: string
  readonly capabilityMax: number | undefined
  readonly cancellation: Cancellation
}

interface Waiter {
  readonly entrant: Entrant
  let(): void
  refuse(error: ToolgateError): void
}

/**
 * Lets calls in up to three limits: of all, of a principal, of a capability. Who finds one reached waits for a while, in the
 * order of coming within a principal and in turn between principals; when too many wait already, it is refused at once.
 */
export class Gate {
  readonly #limits: GateLimits
  readonly #counts = new Map<string, number>()
  readonly #queue: FairQueue<Waiter>
  #running = 0

  constructor(limits: GateLimits) {
    this.#limits = limits
    this.#queue = new FairQueue(limits.maxQueued)
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** Answers at once where there is room. Every entrance needs one `leave`. Throws `RATE_LIMITED`, `OVERLOADED`, `CANCELLED`. */
  enter(entrant: Entrant): undefined | Promise<void> {
    if (this.bound(entrant) !== undefined) return this.#wait(entrant)
    this.#count(entrant, 1)
    return undefined
  }

  leave(entrant: Entrant): void {
    this.#count(entrant, -1)
    while (this.#queue.size > 0 && this.#running < this.#limits.maxConcurrent) {
      const next = this.#queue.take(({ entrant: waiting }) => this.bound(waiting) === undefined)
      if (next === undefined) return
      this.#count(next.entrant, 1)
      next.let()
    }
  }

  /** Which of the limits would keep it waiting; nothing changes. */
  bound(entrant: Omit<Entrant, 'cancellation'>): 'all' | 'principal' | 'capability' | undefined {
    const { principal, principalMax, capability, capabilityMax } = entrant
    if (this.#running >= this.#limits.maxConcurrent) return 'all'
    if ((this.#counts.get(principal) ?? 0) >= principalMax) return 'principal'
    if (capabilityMax !== undefined && (this.#counts.get(keyOf(capability)) ?? 0) >= capabilityMax) return 'capability'
    return undefined
  }

  #count(entrant: Entrant, by: 1 | -1): void {
    this.#running += by
    add(this.#counts, entrant.principal, by)
    if (entrant.capabilityMax !== undefined) add(this.#counts, keyOf(entrant.capability), by)
  }

  #wait(entrant: Entrant): Promise<void> {
    return new Promise((resolve, reject) => {
      const { cancellation, principal } = entrant
      if (cancellation.isCancelled) {
        reject(cancelled())
        return
      }
      const settle = (): void => {
        clearTimeout(timer)
        cancellation.onCancel(undefined)
      }
      const waiter: Waiter = {
        entrant,
        let() {
          settle()
          resolve()
        },
        refuse(error) {
          settle()
          reject(error)
        },
      }
      const leave = (error: () => ToolgateError): void => {
        this.#queue.remove(principal, waiter)
        waiter.refuse(error())
      }
      const timer = setTimeout(() => leave(() => this.#refusal(entrant)), this.#limits.maxQueuedMs)
      cancellation.onCancel(() => leave(cancelled))
      const displaced = this.#queue.add(principal, waiter)
      displaced?.refuse(this.#refusal(displaced.entrant))
    })
  }

  #refusal(entrant: Entrant): ToolgateError {
    const retryAfter = Math.max(1, Math.ceil(this.#limits.maxQueuedMs / 1000))
    const data = { retryAfter }
    if (this.bound(entrant) === 'principal') {
      const message = `Too many of your calls run at once. Try again in ${retryAfter} s.`
      return new ToolgateError({ code: 'RATE_LIMITED', message, data })
    }
    return new ToolgateError({ code: 'OVERLOADED', message: `Too busy. Try again in ${retryAfter} s.`, data })
  }
}

/** Apart from every principal. */
function keyOf(capability: string): string {
  return `\u0000${capability}`
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

function cancelled(): ToolgateError {
  return new ToolgateError({ code: 'CANCELLED', message: 'The call was cancelled.' })
}
