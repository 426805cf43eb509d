import { nextFullAt, type RateCounters, type Take, waitMsFor } from './rate-counters.ts'

/** Buckets that are told apart; all further ones share one. */
const MAX_BUCKETS = 100_000
const SWEEP_EVERY_MS = 1_000

/**
 * Counts in this process. Each bucket is the one moment at which it would be full again. Only full buckets are forgotten,
 * so nobody gains a token by making others be forgotten; when `maxBuckets` are not full, keys that come new share one.
 */
export function createMemoryRateCounters(clock: () => number, maxBuckets: number = MAX_BUCKETS): RateCounters {
  const fullAt = new Map<string, number>()
  let sweptAt = Number.NEGATIVE_INFINITY

  const bucketOf = ({ key, rate }: Take, now: number): string => {
    if (fullAt.size < maxBuckets || fullAt.has(key)) return key
    // A sweep looks at every bucket: who invents keys must not buy one for each.
    if (Math.abs(now - sweptAt) >= SWEEP_EVERY_MS) {
      sweptAt = now
      for (const [known, moment] of fullAt) if (moment <= now) fullAt.delete(known)
    }
    return fullAt.size < maxBuckets ? key : `${SHARED} ${rate.callsPerMinute} ${rate.burst}`
  }

  return {
    peek(take) {
      const now = clock()
      const { callsPerMinute, burst } = take.rate
      const isShared = fullAt.size >= maxBuckets && !fullAt.has(take.key)
      const bucket = isShared ? `${SHARED} ${callsPerMinute} ${burst}` : take.key
      return waitMsFor(nextFullAt(fullAt.get(bucket) ?? 0, now, take), now, take.rate)
    },
    take(takes) {
      const now = clock()
      let longestMs = 0
      const before: [bucket: string, moment: number][] = []
      for (const take of takes) {
        const bucket = bucketOf(take, now)
        const moment = fullAt.get(bucket) ?? 0
        const next = nextFullAt(moment, now, take)
        longestMs = Math.max(longestMs, waitMsFor(next, now, take.rate))
        if (longestMs > 0) continue
        if (takes.length > 1) before.push([bucket, moment])
        fullAt.set(bucket, next)
      }
      if (longestMs > 0) for (const [bucket, moment] of before.reverse()) fullAt.set(bucket, moment)
      return longestMs
    },
  }
}

/** Begins the key of no principal and of no capability. */
const SHARED = '\u0000shared'
