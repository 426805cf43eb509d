import { escapeJson } from '../observe/escape-json.ts'
import type { AuditEvent, AuditEventName } from './audit-record.ts'

/** An event as it is taken in: text already, so that nothing done to an object afterwards changes it. */
export interface AuditEntry {
  readonly event: AuditEventName
  /** The members `time`, `event` and all others as JSON on one line, without the braces around them. */
  readonly members: string
  /** Whom it is about; introduced in the segment before it. */
  readonly subject?: Introduction | undefined
}

/** What a segment must say of a subject before it names it. */
export interface Introduction {
  readonly subject: string
  /** Its identity under its own key. */
  readonly sealed: string
}

/** Where the records go. Append-only. */
export interface AuditTrail {
  /** Whether a record can be written now. When not, nothing is executed (`audit.mode: strict`). */
  readonly isWritable: boolean
  /** How many records could not be kept since the start; absent where none is ever lost. */
  readonly lostRecords?: number
  /** Takes an entry; writes are batched. Never throws: a failure turns `isWritable` false and is observed. */
  append(entry: AuditEntry): void
  /**
   * Takes an entry on which something waits. In strict mode the promise resolves when it is on disk and rejects with
   * `AUDIT_UNAVAILABLE` when it cannot be now; it is kept then and written later, but for a `call.decided`, which is dropped
   * while the trail is known to fail. `undefined`: nothing has to wait (best effort).
   */
  record(entry: AuditEntry): Promise<void> | undefined
  /** Resolves when everything appended so far is on disk. Rejects with `AUDIT_UNAVAILABLE`. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** An event as an entry. Nothing in it can end the line or pass for another. */
export function toEntry(event: AuditEvent, subject?: Introduction): AuditEntry {
  return { event: event.event, members: toMembers(event), subject }
}

/** JSON of an object on one line of plain text, without its braces. */
export function toMembers(value: object): string {
  return escapeJson(JSON.stringify(value)).slice(1, -1)
}
