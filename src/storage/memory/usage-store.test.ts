import { describe, it } from 'vitest'
import { usageStoreSuite } from '../../testkit/usage-store-suite.ts'
import { createMemoryUsageStore } from './usage-store.ts'

describe('the use of tools in memory keeps the contract', () => {
  for (const { name, run } of usageStoreSuite(createMemoryUsageStore)) it(name, run)
})
