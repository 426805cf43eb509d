import type { AuditRecord } from '../../audit/audit-record.ts'
import type { Config } from '../../config/config.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { findSubjects, PSEUDONYM } from './find-subjects.ts'
import { type Hold, readHolds } from './holds-file.ts'

/** All legal holds there are: those of `audit.holds` and those that were laid on the command line. */
export interface LegalHolds {
  /** The name of a hold by each pseudonym that is under one: `audit.holds[0]`, `h_3f9a01bc`. */
  readonly subjects: ReadonlyMap<string, string>
  readonly ranges: readonly HeldRange[]
  /** Those of `audit.holds` that name nobody the storage knows, such as an API key that was removed. */
  readonly unknown: readonly string[]
}

/** A time of which everything is held. Milliseconds since 1970; from, and up to but without. */
export interface HeldRange {
  readonly name: string
  readonly since: number
  readonly until: number
}

/** Reads the holds. Rejects with `STORAGE_FAILED`. */
export async function collectHolds(config: Config, storage: Storage): Promise<LegalHolds> {
  const kept = await readHolds(config.audit.directory)
  const subjects = new Map<string, string>()
  const unknown: string[] = []
  for (const [at, who] of config.audit.holds.entries()) {
    const name = `audit.holds[${at}]`
    const found = findSubjects(config, storage, who).map(({ subject }) => subject)
    const meant = PSEUDONYM.test(who) ? [who, ...found] : found
    for (const subject of meant) subjects.set(subject, name)
    if (meant.length === 0) unknown.push(name)
  }
  for (const { id, subjects: held = [] } of kept) for (const subject of held) subjects.set(subject, id)
  return { subjects, ranges: kept.flatMap(toRange), unknown }
}

/**
 * The name of the hold that keeps a record from being removed. One that names nobody keeps all of them: who is meant by it cannot
 * be told from the others.
 */
export function heldBy(record: AuditRecord, { subjects, ranges, unknown }: LegalHolds): string | undefined {
  const { subject } = record as { readonly subject?: unknown }
  const time = Date.parse(record.time)
  const held = typeof subject === 'string' ? subjects.get(subject) : undefined
  if (held !== undefined) return held
  const [nobody] = unknown
  if (nobody !== undefined) return `${nobody}, which names nobody that the storage knows`
  return ranges.find(({ since, until }) => time >= since && time < until)?.name
}

function toRange({ id, subjects, since = '', until = '' }: Hold): readonly HeldRange[] {
  return subjects === undefined ? [{ name: id, since: Date.parse(since), until: Date.parse(until) }] : []
}
