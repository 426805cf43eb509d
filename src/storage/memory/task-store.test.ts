import { describe, it } from 'vitest'
import { taskStoreSuite } from '../../testkit/task-store-suite.ts'
import { createMemoryTaskStore } from './task-store.ts'

describe('tasks in memory keep the contract', () => {
  for (const { name, run } of taskStoreSuite(createMemoryTaskStore)) it(name, run)
})
