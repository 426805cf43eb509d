import type { AuditRecord } from '../../audit/audit-record.ts'
import { type ExportFormat, exportFormat } from '../../audit/export/export-formats.ts'
import { type ChainPosition, readAfter } from '../../audit/read-after.ts'
import { listChains } from '../../audit/read-segments.ts'

/** What of a trail is exported, and how. */
export interface TrailExport {
  readonly format: ExportFormat
  /** Of Toolgate. */
  readonly version: string
  /** Milliseconds since 1970; from, and up to but without. */
  readonly since?: number
  readonly until?: number
}

/** Whole lines, and how many records stand in them. */
export interface ExportPiece {
  readonly text: string
  readonly records: number
}

/** The lines of an export with their ends, chain by chain in order, without more than a piece of the trail in memory. */
export async function* exportTrail(directory: string, options: TrailExport): AsyncGenerator<ExportPiece> {
  const { header } = exportFormat(options.format, options.version)
  if (header !== undefined) yield { text: `${header}\n`, records: 0 }
  for (const folder of await listChains(directory)) yield* exportChain(folder, options)
}

async function* exportChain(folder: string, options: TrailExport): AsyncGenerator<ExportPiece> {
  const { toLine } = exportFormat(options.format, options.version)
  let position: ChainPosition | undefined
  let previous: AuditRecord | undefined
  for (;;) {
    const { lines, next, isEnd } = await readAfter(folder, position)
    if (isEnd) return
    const texts: string[] = []
    for (const line of lines) {
      if (isMeant(line.record, options))
        texts.push(`${toLine(previous === undefined ? line : { ...line, previous })}\n`)
      previous = line.record
    }
    if (texts.length > 0) yield { text: texts.join(''), records: texts.length }
    position = next
  }
}

function isMeant({ time }: AuditRecord, { since = -Infinity, until = Infinity }: TrailExport): boolean {
  const moment = Date.parse(time)
  return moment >= since && moment < until
}
