import { Buffer } from 'node:buffer'
import type { AuditLevel, CallCompleted } from '../audit/audit-record.ts'
import type { Subject } from '../audit/subjects.ts'
import { Tally } from '../sanitize/apply-findings.ts'
import { maskValue } from '../sanitize/mask-value.ts'
import type { Masker } from '../sanitize/masker.ts'

/** A payload as the trail has it: the JSON of a `Payload`, and what there is to say of how it was made. */
export interface DescribedPayload {
  readonly json: string
  readonly masked: NonNullable<CallCompleted['masked']>
  readonly isTruncated: boolean
}

/** With what a payload is described. */
export interface PayloadParts {
  readonly level: AuditLevel
  readonly subject: Subject
  /** Takes secrets and personal data out before anything is digested or sealed. */
  readonly masker: Masker
}

/** Characters of JSON that are sealed at most. */
const MAX_SEALED = 256 * 1024

/** What the level lets stand in the trail of a value. `undefined`: nothing, or the value cannot be written as JSON. */
export function describePayload(
  value: unknown,
  { level, subject, masker }: PayloadParts,
): DescribedPayload | undefined {
  if (level === 'none' || value === undefined) return undefined
  const json = tryStringify(value)
  if (json === undefined) return undefined
  const bytes = Buffer.byteLength(json)
  if (level === 'metadata') return { json: `{"bytes":${bytes}}`, masked: [], isTruncated: false }
  const tally = new Tally()
  // What can be written as JSON is neither too deep to be looked through nor does it contain itself.
  const text = tryStringify(maskValue(masker, JSON.parse(json), tally)) ?? 'null'
  const masked = tally.list()
  const digest = subject.key.digest(text)
  if (level === 'digest') return { json: `{"bytes":${bytes},"digest":"${digest}"}`, masked, isTruncated: false }
  const sealed = subject.key.seal(text.slice(0, MAX_SEALED))
  return {
    json: `{"bytes":${bytes},"digest":"${digest}","sealed":"${sealed}"}`,
    masked,
    isTruncated: text.length > MAX_SEALED,
  }
}

function tryStringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
