import { ToolgateError } from '../errors.ts'
import type { Call } from './call.ts'

/** How much one principal may call. */
export interface RateLimit {
  /** Calls a minute in the long run. */
  readonly callsPerMinute: number
  /** Calls at once after a pause. */
  readonly burst: number
}

export interface RateLimiter {
  /** Takes one token; answers 0, or in how many seconds there will be one. */
  take(key: string): number
}

const MAX_BUCKETS = 10_000

/**
 * A token bucket per key, kept as the one moment at which it would be full again (GCRA). Full buckets are forgotten when
 * there are many, so memory is bounded whatever callers invent.
 */
export function createRateLimiter(limit: RateLimit, clock: () => number): RateLimiter {
  const msPerToken = 60_000 / limit.callsPerMinute
  const burstMs = limit.burst * msPerToken
  const fullAt = new Map<string, number>()
  return {
    take(key) {
      const now = clock()
      const next = Math.max(fullAt.get(key) ?? 0, now) + msPerToken
      const excessMs = next - now - burstMs
      if (excessMs > 1e-6) return Math.max(1, Math.ceil(excessMs / 1000))
      if (fullAt.size >= MAX_BUCKETS && !fullAt.has(key)) forget(fullAt, now)
      fullAt.set(key, next)
      return 0
    },
  }
}

function forget(fullAt: Map<string, number>, now: number): void {
  for (const [key, moment] of fullAt) if (moment <= now) fullAt.delete(key)
  const oldest = fullAt.keys().next()
  if (fullAt.size >= MAX_BUCKETS && oldest.done !== true) fullAt.delete(oldest.value)
}

/** Counts the call against its principal's bucket. Callers over HTTP are limited; a local process is its own user. */
export function limitRate(limiter: RateLimiter, call: Call): void {
  if (call.transport !== 'http') return
  const retryAfter = limiter.take(call.principal.id)
  if (retryAfter === 0) return
  throw new ToolgateError({
    code: 'RATE_LIMITED',
    message: `Too many calls. Try again in ${retryAfter} s.`,
    data: { retryAfter },
  })
}
