/** How many at once, and how long until there is room for one more. */
export interface Bucket {
  readonly burst: number
  readonly msEach: number
}

/** Token buckets by key, all of them bounded together. */
export interface Buckets {
  /** 0, or in how many milliseconds there is room. Nothing is taken. */
  waitMs(key: string, bucket: Bucket): number
  take(key: string, bucket: Bucket): void
}

const MAX_KEYS = 20_000

/** Each is kept as the one moment at which it would be full again; of 20,000 the longest untouched gives way. */
export function createBuckets(clock: () => number): Buckets {
  const fullAt = new Map<string, number>()
  // A clock that was set back must not keep anybody waiting for longer than an empty bucket takes to fill.
  const fullOf = (key: string, { burst, msEach }: Bucket): number => {
    const now = clock()
    return Math.max(now, Math.min(fullAt.get(key) ?? now, now + burst * msEach))
  }
  return {
    waitMs: (key, bucket) => Math.max(0, fullOf(key, bucket) + bucket.msEach - clock() - bucket.burst * bucket.msEach),
    take(key, bucket) {
      const full = Math.min(fullOf(key, bucket) + bucket.msEach, clock() + bucket.burst * bucket.msEach)
      fullAt.delete(key)
      const oldest = fullAt.size >= MAX_KEYS ? fullAt.keys().next().value : undefined
      if (oldest !== undefined) fullAt.delete(oldest)
      fullAt.set(key, full)
    },
  }
}
