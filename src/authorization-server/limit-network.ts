import type { IncomingMessage } from 'node:http'
import { ToolgateError } from '../errors.ts'
import { networkOf } from '../identity/failure-limiter.ts'
import type { Buckets } from './buckets.ts'
import { addressOf } from './client-address.ts'

const RATES = {
  request: { burst: 300, msEach: 100 },
  authorization: { burst: 60, msEach: 2_000 },
  document: { burst: 20, msEach: 6_000 },
  registration: { burst: 10, msEach: 360_000 },
} as const

/** How often a network may do what costs something. Throws `RATE_LIMITED`. */
export function limitNetwork(buckets: Buckets, request: IncomingMessage, what: keyof typeof RATES): void {
  const key = `${what} ${networkOf(addressOf(request))}`
  const seconds = Math.ceil(buckets.waitMs(key, RATES[what]) / 1000)
  if (seconds > 0) {
    const message = `Too many requests. Try again in ${seconds} s.`
    throw new ToolgateError({ code: 'RATE_LIMITED', message, data: { retryAfter: seconds } })
  }
  buckets.take(key, RATES[what])
}
