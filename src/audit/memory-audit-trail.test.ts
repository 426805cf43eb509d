import { describe, it } from 'vitest'
import { type AuditTrailSubject, auditTrailSuite } from '../testkit/audit-trail-suite.ts'
import { createMemoryAuditTrail } from './memory-audit-trail.ts'

describe('an audit trail in memory keeps the contract', () => {
  const create = (): AuditTrailSubject => {
    const trail = createMemoryAuditTrail()
    return { trail, read: () => trail.records }
  }
  for (const { name, run } of auditTrailSuite(create)) it(name, run)
})
