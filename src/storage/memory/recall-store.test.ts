import { describe, it } from 'vitest'
import { recallStoreSuite } from '../../testkit/recall-store-suite.ts'
import { createMemoryRecallStore } from './recall-store.ts'

describe('remembered calls in memory keep the contract', () => {
  for (const { name, run } of recallStoreSuite(createMemoryRecallStore)) it(name, run)
})
