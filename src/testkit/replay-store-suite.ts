import assert from 'node:assert/strict'
import type { ReplayStore } from '../storage/replay-store.ts'
import type { ContractCase } from './contract-case.ts'

/** Two ways to one store: two processes, or the same object twice where it is for one alone. */
export interface ReplayStoreSubject {
  readonly one: ReplayStore
  readonly other: ReplayStore
  /** Sets the clock of both; milliseconds since the epoch. It begins with 0. */
  setClock(now: number): void
}

/** The contract of `ReplayStore`, as tests. `create` makes an empty store for each. */
export function replayStoreSuite(
  create: () => ReplayStoreSubject | Promise<ReplayStoreSubject>,
): readonly ContractCase[] {
  const promise = (name: string, check: (subject: ReplayStoreSubject) => Promise<void>): ContractCase => ({
    name,
    run: async () => check(await create()),
  })
  return [
    promise('lets a key be used once, whichever way it comes', async ({ one, other }) => {
      assert.equal(await one.use('k', 'ann', 1_000), true)
      assert.equal(await one.use('k', 'ann', 1_000), false)
      assert.equal(await other.use('k', 'ann', 1_000), false)
      assert.equal(await other.use('k', 'ben', 1_000), false)
      assert.equal(await other.use('l', 'ann', 1_000), true)
      assert.equal(await one.use('l', 'ann', 1_000), false)
    }),
    promise('tells one of many who ask at the same time that it is the first', async ({ one, other }) => {
      const asked = Array.from({ length: 40 }, async (_, index) =>
        (index % 2 === 0 ? one : other).use('k', 'ann', 1_000),
      )
      assert.equal((await Promise.all(asked)).filter((isFirst) => isFirst).length, 1)
    }),
    promise('forgets a key when it has expired, and not before', async ({ one, other, setClock }) => {
      await one.use('k', 'ann', 1_000)
      setClock(999)
      assert.equal(await other.use('k', 'ann', 1_000), false)
      setClock(1_001)
      assert.equal(await other.use('k', 'ann', 2_000), true)
    }),
    promise('takes keys for what they are', async ({ one }) => {
      for (const key of ['', '__proto__', "'; DROP TABLE used_proofs; --", '\u0000', 'x'.repeat(5_000)]) {
        assert.equal(await one.use(key, key, 1_000), true)
        assert.equal(await one.use(key, key, 1_000), false)
      }
    }),
    promise('has so much place for each owner, and for one what another has not taken', async ({ one }) => {
      let kept = 0
      while (await one.use(`k${kept}`, 'ann', 1_000)) kept += 1
      assert.equal(kept, 10_000)
      assert.equal(await one.use('k0', 'ann', 1_000), false)
      assert.equal(await one.use('mine', 'ben', 1_000), true)
    }),
  ]
}
