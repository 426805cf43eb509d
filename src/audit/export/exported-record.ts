import type { AuditRecord } from '../audit-record.ts'

/** A record with the place it came from: all that an export is made of. */
export interface ExportedRecord {
  readonly record: AuditRecord
  /** The line of the trail it stands in, exactly, without its end. */
  readonly line: string
  /** Name of the chain. */
  readonly chain: string
  /** The record before it in the same chain, where it was read too. */
  readonly previous?: AuditRecord
}
