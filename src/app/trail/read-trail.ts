import type { Config } from '../../config/config.ts'
import { isoTime } from '../../observe/iso-time.ts'
import { openStorage } from '../../storage/open-storage.ts'
import { findSubjects, PSEUDONYM } from './find-subjects.ts'
import { operator } from './operator.ts'
import { recordNow } from './record-now.ts'

export { describeRecord } from '../../audit/export/describe-record.ts'
export { escapeText } from '../../audit/export/escape-text.ts'
export { EXPORT_FORMATS, type ExportFormat } from '../../audit/export/export-formats.ts'
export type { TrailLine } from '../../audit/read-after.ts'
export { escapeJson } from '../../observe/escape-json.ts'

/** What was read, for the record of it. */
export interface TrailReading {
  readonly action: 'search' | 'export' | 'subject'
  readonly query: string
  /** Where it is known before anything is shown. */
  readonly records?: number
}

/** Records that somebody read the trail. Rejects when it cannot. */
export async function recordReading(config: Config, reading: TrailReading): Promise<void> {
  await recordNow(config, { time: isoTime(Date.now()), event: 'trail.read', by: operator(), ...reading })
}

/** Pseudonyms of the principals whose id, or the name of whose API key, this is. A pseudonym stands for itself. */
export function subjectsOf(config: Config, principal: string): readonly string[] {
  if (PSEUDONYM.test(principal)) return [principal]
  const storage = openStorage({ directory: config.storage.directory })
  try {
    return findSubjects(config, storage, principal).map(({ subject }) => subject)
  } finally {
    storage.close()
  }
}
