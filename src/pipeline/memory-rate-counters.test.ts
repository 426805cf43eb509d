import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rateCountersSuite } from '../testkit/rate-counters-suite.ts'
import { createMemoryRateCounters } from './memory-rate-counters.ts'
import type { Rate } from './rate-counters.ts'

const ONE: Rate = { callsPerMinute: 1, burst: 1 }

describe('rate counters in memory', () => {
  for (const { name, run } of rateCountersSuite(() => {
    let now = 1_000_000
    return {
      counters: createMemoryRateCounters(() => now),
      pass: (ms) => {
        now += ms
      },
    }
  })) {
    it(name, run)
  }

  it('remember whom they refuse, however many keys somebody invents to be forgotten', () => {
    const counters = createMemoryRateCounters(() => 0, 100)
    const take = (key: string): unknown => counters.take([{ key, cost: 1, rate: ONE }])
    expect(take('dodger')).toBe(0)
    for (let count = 0; count < 1_000; count += 1) take(`invented ${count}`)
    expect(take('dodger')).toBeGreaterThan(0)
  })

  it('give all invented keys one bucket together when there is no room for more', () => {
    const counters = createMemoryRateCounters(() => 0, 100)
    const taken = Array.from({ length: 1_000 }, (_, count) => counters.take([{ key: `${count}`, cost: 1, rate: ONE }]))
    expect(taken.filter((waitMs) => waitMs === 0)).toHaveLength(101)
  })

  it('forget full buckets, so newcomers have their own again', () => {
    let now = 0
    const counters = createMemoryRateCounters(() => now, 2)
    const take = (key: string): unknown => counters.take([{ key, cost: 1, rate: ONE }])
    for (const key of ['a', 'b', 'c']) take(key)
    expect(take('d')).toBeGreaterThan(0)
    now += 60_000
    expect(['d', 'e'].map(take)).toEqual([0, 0])
  })

  it('make nobody wait for longer than an empty bucket needs when the clock is set back', () => {
    let now = 1_000_000_000
    const counters = createMemoryRateCounters(() => now)
    const rate = { callsPerMinute: 60, burst: 2 }
    void counters.take([{ key: 'a', cost: 2, rate }])
    now = 0
    expect(counters.take([{ key: 'a', cost: 2, rate }])).toBe(2_000)
  })

  it('never give more than the burst and what came back since, whatever is asked when', () => {
    const rates = fc.record({
      callsPerMinute: fc.integer({ min: 1, max: 6_000 }),
      burst: fc.integer({ min: 1, max: 50 }),
    })
    const asks = fc.array(
      fc.record({ afterMs: fc.integer({ min: 0, max: 5_000 }), cost: fc.integer({ min: 1, max: 10 }) }),
    )
    fc.assert(
      fc.property(rates, asks, (rate, asked) => {
        let now = 1_000
        let given = 0
        const counters = createMemoryRateCounters(() => now)
        for (const { afterMs, cost } of asked) {
          now += afterMs
          const waitMs = counters.take([{ key: 'a', cost, rate }]) as number
          if (waitMs === 0) given += Math.min(cost, rate.burst)
          const most = rate.burst + ((now - 1_000) * rate.callsPerMinute) / 60_000
          expect(given).toBeLessThanOrEqual(most + 1e-6)
          if (waitMs === 0) continue
          // What was told is enough, and not much less would be.
          now += waitMs
          expect(counters.take([{ key: 'a', cost, rate }])).toBe(0)
          given += Math.min(cost, rate.burst)
        }
      }),
    )
  })
})
