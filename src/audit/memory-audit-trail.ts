import type { AuditEvent } from './audit-record.ts'
import type { AuditTrail } from './audit-trail.ts'
import { auditUnavailable } from './audit-unavailable.ts'

/** A trail that can be looked at. */
export interface MemoryAuditTrail extends AuditTrail {
  /** What was taken, without seq and hash. */
  readonly records: readonly AuditEvent[]
  /** Set it to false to see what happens when the trail cannot be written. */
  isWritable: boolean
}

/** A trail that lives as long as the process: for tests. It is strict, and nothing is introduced. */
export function createMemoryAuditTrail(): MemoryAuditTrail {
  const records: AuditEvent[] = []
  let isClosed = false
  const trail: MemoryAuditTrail = {
    records,
    isWritable: true,
    append({ members }) {
      if (!isClosed) records.push(JSON.parse(`{${members}}`))
    },
    record(entry) {
      if (!trail.isWritable) {
        if (entry.event !== 'call.decided') trail.append(entry)
        return Promise.reject(auditUnavailable('memory', new Error('It was made unwritable.')))
      }
      trail.append(entry)
      return Promise.resolve()
    },
    flush: async () => undefined,
    async close() {
      isClosed = true
      trail.isWritable = false
    },
  }
  return trail
}
