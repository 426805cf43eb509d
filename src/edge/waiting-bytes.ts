/** How much may wait for clients. */
export interface WaitingLimits {
  readonly max: number
  readonly maxPerPrincipal: number
}

/** What waits in one place: on a socket, or kept for a client that may come back. */
export interface Held {
  /** Says how much it is now. */
  set(bytes: number): void
  /** Nothing waits there any more, or no longer counts. Idempotent. */
  close(): void
}

/** 16 MiB for one principal, 256 MiB for all; the descriptions of `server.maxStreams…` tell the same. */
const WAITING_LIMITS: WaitingLimits = { max: 268_435_456, maxPerPrincipal: 16_777_216 }

interface Owner {
  total: number
  readonly held: Set<Place>
}

/**
 * Bounds what waits in this process for clients that do not read. When a principal has too much waiting, the place of its
 * own where most waits is dropped; when all together have, that of the principal with the most.
 */
export class WaitingBytes {
  readonly #limits: WaitingLimits
  readonly #owners = new Map<string, Owner>()
  #total = 0

  constructor(limits: WaitingLimits = WAITING_LIMITS) {
    this.#limits = limits
  }

  /** Bytes that wait in all. */
  get total(): number {
    return this.#total
  }

  /** Begins to count one place. `drop` lets go of what waits there. */
  hold(principalId: string, drop: () => void): Held {
    const place = new Place(drop, (bytes) => this.#set(principalId, place, bytes))
    return place
  }

  #set(principalId: string, place: Place, bytes: number): void {
    const owner = this.#owners.get(principalId) ?? { total: 0, held: new Set() }
    const grown = bytes - place.bytes
    place.bytes = bytes
    owner.total += grown
    this.#total += grown
    if (bytes === 0) owner.held.delete(place)
    else owner.held.add(place)
    if (owner.held.size === 0) this.#owners.delete(principalId)
    else this.#owners.set(principalId, owner)
    if (grown > 0) this.#relieve(owner)
  }

  #relieve(owner: Owner): void {
    if (owner.total > this.#limits.maxPerPrincipal) dropLargest(owner)
    while (this.#total > this.#limits.max) {
      dropLargest([...this.#owners.values()].reduce((a, b) => (a.total >= b.total ? a : b)))
    }
  }
}

function dropLargest({ held }: Owner): void {
  const largest = [...held].reduce((a, b) => (a.bytes >= b.bytes ? a : b))
  largest.drop()
}

class Place implements Held {
  bytes = 0
  #isClosed = false
  readonly #drop: () => void
  readonly #change: (bytes: number) => void

  constructor(drop: () => void, change: (bytes: number) => void) {
    this.#drop = drop
    this.#change = change
  }

  set(bytes: number): void {
    if (!this.#isClosed && bytes !== this.bytes) this.#change(bytes)
  }

  close(): void {
    this.set(0)
    this.#isClosed = true
  }

  drop(): void {
    this.set(0)
    this.#drop()
  }
}
