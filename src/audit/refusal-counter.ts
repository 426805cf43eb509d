/** Refusals that one record stands for. */
export interface CountedRefusals {
  readonly address: string
  readonly reason: string
  readonly count: number
}

interface RefusalCounterOptions {
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly write: (refused: CountedRefusals) => void
}

interface Counted {
  readonly since: number
  seen: number
  /** Those that no record stands for yet. */
  held: number
  reason: string
}

const FIRST = 5
const MINUTE_MS = 60_000
const MAX_ADDRESSES = 1_000
/** Stands for all addresses beyond those that are counted one by one. */
const OTHERS = 'others'

/**
 * Turns refusals into records so that nobody can fill the disk with them: the first five of an address in a minute have one
 * each, the others one together when the minute is over. At most a thousand addresses are told apart.
 */
export class RefusalCounter {
  readonly #options: RefusalCounterOptions
  readonly #counted = new Map<string, Counted>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: RefusalCounterOptions) {
    this.#options = options
  }

  /** Counts one. */
  count(from: string, reason: string): void {
    this.#settleOver()
    const address = this.#counted.has(from) || this.#counted.size < MAX_ADDRESSES ? from : OTHERS
    const counted = this.#counted.get(address) ?? { since: this.#options.clock(), seen: 0, held: 0, reason }
    this.#counted.set(address, counted)
    counted.seen += 1
    counted.reason = reason
    if (counted.seen <= FIRST) {
      this.#options.write({ address, reason, count: 1 })
      return
    }
    counted.held += 1
    this.#timer ??= setTimeout(() => this.close(), MINUTE_MS).unref()
  }

  /** Writes what is held back. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [address, counted] of this.#counted) this.#settle(address, counted)
  }

  /** The oldest stand first. */
  #settleOver(): void {
    const now = this.#options.clock()
    for (const [address, counted] of this.#counted) {
      if (now - counted.since < MINUTE_MS) return
      this.#settle(address, counted)
    }
  }

  #settle(address: string, { held, reason }: Counted): void {
    this.#counted.delete(address)
    if (held > 0) this.#options.write({ address, reason, count: held })
  }
}
