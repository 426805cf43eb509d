import type { AuditEvent } from '../../audit/audit-record.ts'
import { toEntry } from '../../audit/audit-trail.ts'
import type { Config } from '../../config/config.ts'
import { createAuditTrail } from '../audit.ts'

/** Records something outside a running server, on disk when it resolves. Rejects with `AUDIT_UNAVAILABLE`, in every mode. */
export async function recordNow(config: Config, event: AuditEvent): Promise<void> {
  const trail = createAuditTrail(config, { clock: Date.now, observer: () => undefined })
  try {
    trail.append(toEntry(event))
    await trail.flush()
  } finally {
    await trail.close()
  }
}
