/** How fast the tokens of a bucket come back, and how many it holds. */
export interface Rate {
  /** Tokens a minute in the long run. */
  readonly callsPerMinute: number
  /** Tokens at once after a pause. */
  readonly burst: number
}

/** What is to be taken from one bucket. A cost above the burst is the burst: what could never be paid were forbidden. */
export interface Take {
  readonly key: string
  /** Tokens; fractions are fine. */
  readonly cost: number
  readonly rate: Rate
}

/**
 * Token buckets by key. `rateCountersSuite` of `toolgate/testkit` is the contract as tests. An implementation that shares
 * them between processes answers promises; one in memory answers at once, and nothing waits for it.
 */
export interface RateCounters {
  /** Takes from all of the buckets or from none: answers 0, or in how many milliseconds they would all hold enough. */
  take(takes: readonly Take[]): number | Promise<number>
  /** What `take` would answer for one bucket; nothing is taken. */
  peek(take: Take): number | Promise<number>
}

const MS_PER_MINUTE = 60_000
/** Milliseconds that rounding may cost nobody. */
const EPSILON_MS = 1e-6

/**
 * The moment at which a bucket will be full again once `take` is taken (GCRA). `fullAt` is that moment before, 0 for a
 * bucket nobody knows. Who finds it further away than an empty bucket needs has a clock that was set back.
 */
export function nextFullAt(fullAt: number, now: number, { cost, rate }: Omit<Take, 'key'>): number {
  const latest = now + burstMsOf(rate)
  return Math.min(Math.max(fullAt, now), latest) + (Math.min(cost, rate.burst) * MS_PER_MINUTE) / rate.callsPerMinute
}

/** Milliseconds until a bucket could give what would make it full at `nextFull`; 0 if it can now. */
export function waitMsFor(nextFull: number, now: number, rate: Rate): number {
  const excessMs = nextFull - now - burstMsOf(rate)
  return excessMs > EPSILON_MS ? excessMs : 0
}

function burstMsOf({ callsPerMinute, burst }: Rate): number {
  return (burst * MS_PER_MINUTE) / callsPerMinute
}
