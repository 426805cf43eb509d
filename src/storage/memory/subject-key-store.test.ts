import { describe, it } from 'vitest'
import { subjectKeyStoreSuite } from '../../testkit/subject-key-store-suite.ts'
import { createMemorySubjectKeyStore } from './subject-key-store.ts'

describe('keys of subjects in memory keep the contract', () => {
  for (const { name, run } of subjectKeyStoreSuite(createMemorySubjectKeyStore)) it(name, run)
})
