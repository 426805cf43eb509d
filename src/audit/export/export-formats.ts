import type { ExportedRecord } from './exported-record.ts'
import { toCef } from './to-cef.ts'
import { csvHeader, toCsv } from './to-csv.ts'
import { toOcsf } from './to-ocsf.ts'

/** How records can leave the trail. */
export type ExportFormat = 'jsonl' | 'csv' | 'ocsf' | 'cef'

/** A format: what stands before the first record, and a record as one line. Neither has an end of line. */
export interface RecordFormat {
  readonly header?: string
  readonly toLine: (exported: ExportedRecord) => string
}

/** The names of the formats. */
export const EXPORT_FORMATS: readonly ExportFormat[] = ['jsonl', 'csv', 'ocsf', 'cef']

/** The format of the name. `version` is Toolgate's. */
export function exportFormat(format: ExportFormat, version: string): RecordFormat {
  switch (format) {
    case 'jsonl':
      return { toLine: ({ line }) => line }
    case 'csv':
      return { header: csvHeader(), toLine: toCsv }
    case 'ocsf':
      return { toLine: (exported) => toOcsf(exported, version) }
    case 'cef':
      return { toLine: (exported) => toCef(exported, version) }
  }
}
