import type { AuditRecord, AuditTrail } from './audit-trail.ts'

/** A trail that can be looked at. */
export interface MemoryAuditTrail extends AuditTrail {
  readonly records: readonly AuditRecord[]
  /** Set it to false to see what happens when the trail cannot be written. */
  isWritable: boolean
}

/** A trail that lives as long as the process: for tests. */
export function createMemoryAuditTrail(): MemoryAuditTrail {
  const records: AuditRecord[] = []
  let isClosed = false
  const trail: MemoryAuditTrail = {
    records,
    isWritable: true,
    append(record) {
      if (!isClosed) records.push(structuredClone(record))
    },
    flush: async () => undefined,
    async close() {
      isClosed = true
      trail.isWritable = false
    },
  }
  return trail
}
