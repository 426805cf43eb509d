import { describe, expect, it } from 'vitest'
import { keyStoreSuite } from '../../testkit/key-store-suite.ts'
import { createMemoryKeyStore } from './key-store.ts'

describe('keys in memory keep the contract', () => {
  for (const { name, run } of keyStoreSuite(() => createMemoryKeyStore())) it(name, run)
})

it('keys in memory can be there from the start', () => {
  const key = { id: 'abcdefghijkl', name: 'ci', hash: '', roles: [], createdAt: '2026-11-22T00:00:00.000Z' }
  expect(createMemoryKeyStore([key]).find(key.id)).toEqual(key)
})
