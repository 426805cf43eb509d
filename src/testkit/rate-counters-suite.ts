import assert from 'node:assert/strict'
import type { Rate, RateCounters } from '../pipeline/rate-counters.ts'
import type { ContractCase } from './contract-case.ts'

/** Rate counters under test, and how to let time pass for them. */
export interface RateCountersSubject {
  readonly counters: RateCounters
  /** Lets that many milliseconds pass. */
  pass(ms: number): void | Promise<void>
}

/** The contract of `RateCounters`, as tests. `create` makes empty ones for each. */
export function rateCountersSuite(
  create: () => RateCountersSubject | Promise<RateCountersSubject>,
): readonly ContractCase[] {
  const promise = (name: string, check: (subject: RateCountersSubject) => Promise<void>): ContractCase => ({
    name,
    run: async () => check(await create()),
  })
  return [
    promise('gives a burst at once, then says how long to wait', async ({ counters }) => {
      for (let count = 0; count < 3; count += 1) assert.equal(await counters.take([one('a')]), 0)
      assertAbout(await counters.take([one('a')]), 1000)
    }),
    promise('gives a token when the wait is over, and not two', async ({ counters, pass }) => {
      await counters.take([one('a', 3)])
      await pass(await counters.take([one('a')]))
      assert.equal(await counters.take([one('a')]), 0)
      assert.ok((await counters.take([one('a')])) > 0)
    }),
    promise('keeps no more than the burst however long nobody comes', async ({ counters, pass }) => {
      await counters.take([one('a', 3)])
      await pass(600_000)
      assert.equal(await counters.take([one('a', 3)]), 0)
      assert.ok((await counters.take([one('a')])) > 0)
    }),
    promise('keeps keys apart', async ({ counters }) => {
      await counters.take([one('a', 3)])
      assert.equal(await counters.take([one('b')]), 0)
    }),
    promise('takes nothing from anybody when one bucket has too little', async ({ counters }) => {
      await counters.take([one('empty', 3)])
      assert.ok((await counters.take([one('full', 2), one('empty')])) > 0)
      assert.ok((await counters.take([one('empty'), one('full', 2)])) > 0)
      assert.equal(await counters.take([one('full', 3)]), 0)
    }),
    promise('takes nothing when it refuses, so that asking again costs nothing', async ({ counters }) => {
      await counters.take([one('a', 3)])
      const first = await counters.take([one('a')])
      for (let count = 0; count < 10; count += 1) await counters.take([one('a')])
      assertAbout(await counters.take([one('a')]), first)
    }),
    promise('takes nothing when it only looks, and says what taking would', async ({ counters, pass }) => {
      for (let count = 0; count < 10; count += 1) assert.equal(await counters.peek(one('a')), 0)
      assert.equal(await counters.take([one('a', 3)]), 0)
      assertAbout(await counters.peek(one('a')), 1000)
      await pass(1000)
      assert.equal(await counters.peek(one('a')), 0)
      assert.equal(await counters.take([one('a')]), 0)
    }),
    promise('counts fractions, and a cost above the burst as the burst', async ({ counters, pass }) => {
      for (let count = 0; count < 6; count += 1) assert.equal(await counters.take([one('a', 0.5)]), 0)
      assert.ok((await counters.take([one('a', 0.5)])) > 0)
      await pass(3_000)
      assert.equal(await counters.take([one('a', 1_000)]), 0)
      assertAbout(await counters.take([one('a', 1_000)]), 3_000)
    }),
  ]
}

const RATE: Rate = { callsPerMinute: 60, burst: 3 }

function one(key: string, cost = 1): { readonly key: string; readonly cost: number; readonly rate: Rate } {
  return { key, cost, rate: RATE }
}

/** Counters that lie elsewhere have a clock of their own. */
function assertAbout(actualMs: number, expectedMs: number): void {
  assert.ok(Math.abs(actualMs - expectedMs) <= 100, `${actualMs} ms is not about ${expectedMs} ms`)
}
