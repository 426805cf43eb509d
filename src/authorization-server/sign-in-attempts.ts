import { networkOf } from '../identity/failure-limiter.ts'
import type { Bucket, Buckets } from './buckets.ts'

/** Who tries to sign in, and from where. */
export interface Attempt {
  /** The account's name as typed. */
  readonly name: string
  readonly address: string
  /** Whether the browser has signed in to this account before. */
  readonly isKnownDevice: boolean
}

/** Slows down guessing without ever locking the owner out. */
export interface SignInAttempts {
  /** 0, or in how many seconds another attempt is taken. Nothing is counted. */
  waitSeconds(attempt: Attempt): number
  /** Milliseconds for which the answer is held back: the account is being guessed at from many networks. */
  delayMs(attempt: Attempt): number
  /** Counts a wrong password. */
  fail(attempt: Attempt): void
}

const NETWORK: Bucket = { burst: 20, msEach: 3_000 }
const ACCOUNT_FROM_NETWORK: Bucket = { burst: 5, msEach: 30_000 }
const ACCOUNT: Bucket = { burst: 100, msEach: 60_000 }
const KNOWN_DEVICE: Bucket = { burst: 10, msEach: 30_000 }
const HELD_MS = 2_000

/**
 * Counts failures by network, by account and network, and by account. An account that is guessed at from many networks is
 * never closed: its answers come later. A browser that has signed in before has a count of its own, which nobody else can
 * use up.
 */
export function createSignInAttempts(buckets: Buckets): SignInAttempts {
  return {
    waitSeconds: (attempt) =>
      Math.max(...bucketsOf(attempt).map(([key, bucket]) => Math.ceil(buckets.waitMs(key, bucket) / 1000))),
    delayMs: ({ name, isKnownDevice }) =>
      !isKnownDevice && buckets.waitMs(`account ${name}`, ACCOUNT) > 0 ? HELD_MS : 0,
    fail(attempt) {
      for (const [key, bucket] of bucketsOf(attempt)) buckets.take(key, bucket)
      if (!attempt.isKnownDevice) buckets.take(`account ${attempt.name}`, ACCOUNT)
    },
  }
}

function bucketsOf({ name, address, isKnownDevice }: Attempt): readonly (readonly [string, Bucket])[] {
  if (isKnownDevice) return [[`device ${name}`, KNOWN_DEVICE]]
  const network = networkOf(address)
  return [
    [`network ${network}`, NETWORK],
    [`pair ${network} ${name}`, ACCOUNT_FROM_NETWORK],
  ]
}
