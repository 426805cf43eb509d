import { expandIpv6, plainAddress } from './address-ranges.ts'
import { putBounded } from './bounded-map.ts'

/** Counts failed authentications by where they come from. */
export interface FailureLimiter {
  /** Whether so many failed lately that the address is given no more attempts for now. */
  isLimited(address: string): boolean
  /** In how many seconds the address is given another attempt; 0 when it is at once. Counts nothing. */
  waitSeconds(address: string): number
  /** Counts a failure; answers 0, or in how many seconds another attempt is given. */
  fail(address: string): number
}

const BURST = 20
const MS_PER_FAILURE = 3_000
const BURST_MS = BURST * MS_PER_FAILURE
const MAX_NETWORKS = 10_000

/**
 * A token bucket per network: 20 failures at once, 20 a minute in the long run. Each is kept as the one moment at which it
 * would be full again; the longest untouched gives way when there are 10,000.
 */
export function createFailureLimiter(clock: () => number): FailureLimiter {
  const fullAt = new Map<string, number>()

  const nextFull = (network: string, now: number): number => {
    const moment = fullAt.get(network) ?? now
    if (moment <= now + BURST_MS) return Math.max(moment, now) + MS_PER_FAILURE
    // The clock was set back: nobody waits for longer than an empty bucket takes to fill.
    fullAt.set(network, now + BURST_MS)
    return now + BURST_MS + MS_PER_FAILURE
  }

  const waitSeconds = (address: string): number => {
    const now = clock()
    return Math.max(0, Math.ceil((nextFull(networkOf(address), now) - now - BURST_MS) / 1000))
  }

  return {
    isLimited: (address) => waitSeconds(address) > 0,
    waitSeconds,
    fail(address) {
      const now = clock()
      const network = networkOf(address)
      const next = nextFull(network, now)
      const excessMs = next - now - BURST_MS
      if (excessMs > 0) return Math.ceil(excessMs / 1000)
      putBounded(fullAt, [network, next], MAX_NETWORKS)
      return 0
    },
  }
}

/** IPv6 hands every customer a /64 at least, so a single address there means nothing. */
export function networkOf(address: string): string {
  const plain = plainAddress(address)
  if (plain === undefined || !plain.includes(':')) return plain ?? address
  return expandIpv6(plain)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')
}
