import assert from 'node:assert/strict'
import { RECALL_FULL, type RecallClaim, type RecallLimits, type RecallStore } from '../storage/recall-store.ts'
import type { ContractCase } from './contract-case.ts'

/** The contract of `RecallStore`, as tests. `create` makes an empty store with these limits for each. */
export function recallStoreSuite(
  create: (limits: RecallLimits) => RecallStore | Promise<RecallStore>,
): readonly ContractCase[] {
  const promise = (name: string, check: (store: RecallStore) => Promise<void>): ContractCase => ({
    name,
    run: async () => check(await create({ max: 5, maxPerPrincipal: 3, maxBytes: 100 })),
  })
  return [
    promise('gives a key to the first that claims it and names that one to the others', async (store) => {
      const claims = await Promise.all(['a', 'b', 'c'].map(async (callId) => store.claim(claim('k', { callId }))))
      assert.deepEqual(claims.filter((each) => each === undefined).length, 1)
      for (const other of claims.filter((each) => each !== undefined)) {
        assert.ok(typeof other === 'object')
        assert.deepEqual([other.callId, other.fingerprint, other.answer], ['a', 'print', undefined])
      }
    }),
    promise('gives back how the call ended, until the key expires', async (store) => {
      await store.claim(claim('k', { callId: 'a' }))
      await store.settle('k', 'a', '{"x":1}')
      const found = await store.claim(claim('k', { callId: 'b', now: 999 }))
      assert.ok(typeof found === 'object')
      assert.equal(found.answer, '{"x":1}')
      assert.equal(await store.claim(claim('k', { callId: 'c', now: 1_000, expiresAt: 2_000 })), undefined)
    }),
    promise('gives a key that was released to the next', async (store) => {
      await store.claim(claim('k', { callId: 'a' }))
      await store.release('k', 'a')
      assert.equal(await store.claim(claim('k', { callId: 'b' })), undefined)
    }),
    promise('lets nobody settle or release the key of another call, nor one that has ended', async (store) => {
      await store.claim(claim('k', { callId: 'a' }))
      await store.settle('k', 'b', 'wrong')
      await store.release('k', 'b')
      await store.settle('k', 'a', 'right')
      await store.release('k', 'a')
      await store.settle('k', 'a', 'late')
      const found = await store.claim(claim('k', { callId: 'c' }))
      assert.ok(typeof found === 'object')
      assert.equal(found.answer, 'right')
    }),
    promise(
      'forgets the oldest ended call of a principal that has too many, and never one that runs',
      async (store) => {
        for (const key of ['k1', 'k2', 'k3']) await store.claim(claim(key, { callId: key }))
        assert.equal(await store.claim(claim('k4', { callId: 'k4' })), RECALL_FULL)
        await store.settle('k2', 'k2', 'x')
        await store.settle('k3', 'k3', 'x')
        assert.equal(await store.claim(claim('k4', { callId: 'k4' })), undefined)
        assert.equal(typeof (await store.claim(claim('k1', {}))), 'object')
        assert.equal(typeof (await store.claim(claim('k3', {}))), 'object')
      },
    ),
    promise('refuses further keys when all are taken, and never drops those of another principal', async (store) => {
      for (const principalId of ['p1', 'p2']) {
        for (const key of ['x', 'y']) await store.claim(claim(principalId + key, { principalId, callId: key }))
      }
      assert.equal(await store.claim(claim('fifth', { principalId: 'p3' })), undefined)
      assert.equal(await store.claim(claim('sixth', { principalId: 'p4' })), RECALL_FULL)
      assert.equal(await store.claim(claim('sixth', { principalId: 'p4', now: 1_000, expiresAt: 2_000 })), undefined)
    }),
    promise('keeps of what is too large only that it has ended', async (store) => {
      await store.claim(claim('k', { callId: 'a' }))
      await store.settle('k', 'a', 'x'.repeat(101))
      await store.claim(claim('n', { callId: 'b' }))
      await store.settle('n', 'b', null)
      for (const key of ['k', 'n']) {
        const found = await store.claim(claim(key, { callId: 'c' }))
        assert.ok(typeof found === 'object')
        assert.equal(found.answer, null)
      }
    }),
  ]
}

function claim(key: string, more: Partial<RecallClaim>): RecallClaim {
  return { key, principalId: 'p', callId: 'call', fingerprint: 'print', expiresAt: 1_000, now: 0, ...more }
}
