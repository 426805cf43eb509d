import { isIPv6 } from 'node:net'
import { putBounded } from './bounded-map.ts'

/** Counts failed authentications by where they come from. */
export interface FailureLimiter {
  /** Whether so many failed lately that the address is given no more attempts for now. */
  isLimited(address: string): boolean
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

  return {
    isLimited(address) {
      const now = clock()
      return nextFull(networkOf(address), now) - now > BURST_MS
    },
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
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [plain = ''] = address.split('%')
  if (!isIPv6(plain)) return address
  const [front = '', back] = plain.toLowerCase().split('::')
  const groups = front === '' ? [] : front.split(':')
  if (back !== undefined) {
    const tail = back === '' ? [] : back.split(':')
    const missing = 8 - groups.length - tail.length
    groups.push(...Array.from({ length: Math.max(0, missing) }, () => '0'), ...tail)
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
