import { userInfo } from 'node:os'
import process from 'node:process'
import { toEntry } from '../../audit/audit-trail.ts'
import type { Config } from '../../config/config.ts'
import { isoTime } from '../../observe/iso-time.ts'
import { openStorage } from '../../storage/open-storage.ts'
import { createAuditTrail } from '../audit.ts'

export { describeRecord } from '../../audit/export/describe-record.ts'
export { escapeText } from '../../audit/export/escape-text.ts'
export { EXPORT_FORMATS, type ExportFormat } from '../../audit/export/export-formats.ts'
export type { TrailLine } from '../../audit/read-after.ts'
export { escapeJson } from '../../observe/escape-json.ts'

/** What was read, for the record of it. */
export interface TrailReading {
  readonly action: 'search' | 'export'
  readonly query: string
  readonly records: number
}

/** Records that somebody read the trail: the user of the operating system, on this command line. Rejects when it cannot. */
export async function recordReading(config: Config, { action, query, records }: TrailReading): Promise<void> {
  const trail = createAuditTrail(config, { clock: Date.now, observer: () => undefined })
  try {
    const time = isoTime(Date.now())
    trail.append(toEntry({ time, event: 'trail.read', by: `cli:${userName()}`, action, query, records }))
    await trail.flush()
  } finally {
    await trail.close()
  }
}

/** Pseudonyms of the principals whose id, or the name of whose API key, this is. A pseudonym stands for itself. */
export function subjectsOf(config: Config, principal: string): readonly string[] {
  if (/^s_[\w-]{22}$/.test(principal)) return [principal]
  const storage = openStorage({ directory: config.storage.directory })
  try {
    const keys = [...config.access.keys, ...storage.keys.list()].filter(({ name }) => name === principal)
    const ids = new Set([principal, ...keys.map(({ id }) => `key:${id}`)])
    return storage.subjectKeys.list().flatMap(({ principalId, subject }) => (ids.has(principalId) ? [subject] : []))
  } finally {
    storage.close()
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry, as in many containers.
    return String(process.getuid?.() ?? 'unknown')
  }
}
