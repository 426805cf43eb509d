import { escapeJson } from '../observe/escape-json.ts'
import type { AuditRecord } from './audit-trail.ts'

/** Stands in the trail where it could not be written for a while. The records around it are complete and in order. */
export interface AuditGap {
  readonly type: 'gap'
  /** When it could be written again; ISO 8601, UTC. */
  readonly time: string
  /** Since when it could not. */
  readonly since: string
  /** How many records there was no room to keep. */
  readonly lost: number
}

/** A record as one line of JSON with its end. Nothing in it can end the line or pass for another. */
export function toAuditLine(line: AuditRecord | AuditGap): string {
  return `${escapeJson(JSON.stringify(line))}\n`
}
