import { describe, it } from 'vitest'
import { sessionRecordsSuite } from '../../testkit/session-records-suite.ts'
import { createMemorySessionRecords } from './session-records.ts'

describe('session records in memory keep the contract', () => {
  for (const { name, run } of sessionRecordsSuite(createMemorySessionRecords)) it(name, run)
})
