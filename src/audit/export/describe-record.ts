import type { AuditRecord } from '../audit-record.ts'

/** How much a record should worry somebody, from little to much. */
export type Severity = 'information' | 'low' | 'medium' | 'high'

/** One sentence about what happened. Names in it are as they stand in the record: escape it before it is shown. */
export function describeRecord(record: AuditRecord): string {
  switch (record.event) {
    case 'call.decided':
      return `${record.method} ${record.name} may run`
    case 'call.completed':
      return `${record.method} ${record.name} ${record.status}${record.code === undefined ? '' : ` ${record.code}`}`
    case 'list.served':
      return `${record.method} showed ${record.count}`
    case 'auth.refused':
      return `refused ${record.count} from ${record.address}: ${record.reason}`
    case 'catalog.changed':
      return `${record.added.length} added, ${record.removed.length} removed`
    case 'key.changed':
      return `key ${record.keyId} ${record.change}${record.endsAt === undefined ? '' : `, ends ${record.endsAt}`}`
    case 'gap':
      return `${record.reason}${record.lost === undefined ? '' : `, ${record.lost} records lost`}`
    case 'sink.failed':
      return `${record.sink}: ${record.reason}`
    case 'trail.read':
      return `${record.action} by ${record.by}${record.query === undefined ? '' : `: ${record.query}`}`
    case 'checkpoint':
      return `covers ${record.size} records`
    case 'retention':
      return `removed ${record.records} records until ${record.removedUntil}`
    default:
      return describeBrief(record)
  }
}

function describeBrief(record: AuditRecord): string {
  switch (record.event) {
    case 'config.changed':
      return `configuration ${record.after}`
    case 'lifecycle.started':
      return `Toolgate ${record.version} began, process ${record.pid}`
    case 'user.changed':
      return `user ${record.userId} ${record.change}`
    case 'grant.changed':
      return `access of ${record.clientId ?? 'a client'} ${record.change}`
    case 'lifecycle.stopped':
      return 'ended in good order'
    case 'sandbox.made':
      return `copied ${Object.entries(record.rows)
        .map(([connector, rows]) => `${rows} rows of ${connector}`)
        .join(', ')} by ${record.by}`
    case 'overload.began':
      return `calls are refused: they took ${record.delayMs} ms, ${record.callsInFlight} at once`
    case 'overload.ended':
      return `${record.refused} calls were refused in ${record.durationMs} ms`
    case 'subject.introduced':
      return `first use of ${record.subject}`
    case 'subject.erased':
      return `${record.subject} was erased${record.reason === undefined ? '' : `: ${record.reason}`}`
    case 'subject.held':
      return `${record.subject} was not erased: it is under a legal hold`
    case 'hold.changed':
      return `hold ${record.hold} ${record.change} by ${record.by}${record.reason === undefined ? '' : `: ${record.reason}`}`
    default:
      return ''
  }
}

/** Losses weigh most, then refusals, then failures of calls. */
export function severityOf(record: AuditRecord): Severity {
  switch (record.event) {
    case 'gap':
    case 'sink.failed':
      return 'high'
    case 'auth.refused':
    case 'overload.began':
    case 'overload.ended':
      return 'medium'
    case 'call.completed':
      if (record.status === 'denied' || record.decision === 'deny') return 'medium'
      return record.status === 'error' ? 'low' : 'information'
    case 'config.changed':
    case 'key.changed':
    case 'user.changed':
    case 'grant.changed':
    case 'subject.erased':
    case 'subject.held':
    case 'hold.changed':
    case 'retention':
      return 'low'
    default:
      return 'information'
  }
}
