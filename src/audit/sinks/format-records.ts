import { exportFormat } from '../export/export-formats.ts'
import type { TrailLine } from '../read-after.ts'
import type { SinkFormat } from './options.ts'

/** Makes lines of records for a sink, without their ends. */
export type FormatRecord = (line: TrailLine) => string

/** The lines of a format. A sink remembers nothing, so that what stands before a record is no part of them. */
export function formatFor(format: SinkFormat, version: string): FormatRecord {
  return exportFormat(format, version).toLine
}
