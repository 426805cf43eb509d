import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { AuditRecord } from '../../audit/audit-record.ts'
import { readPiece, type TrailLine } from '../../audit/read-after.ts'
import { listChains, listSegments } from '../../audit/read-segments.ts'
import type { AuditIndex, IndexedRecord } from '../../storage/audit-index.ts'

/** Brings an index up to date with the trail: what came is added, what is gone is forgotten. Answers how many were added. */
export async function updateIndex(index: AuditIndex, directory: string): Promise<number> {
  const folders = new Map((await listChains(directory)).map((folder) => [basename(folder), folder]))
  let added = 0
  for (const chain of new Set([...index.chains(), ...folders.keys()])) {
    const folder = folders.get(chain)
    const segments = folder === undefined ? [] : await listSegments(folder)
    const indexed = index.indexed(chain)
    for (const segment of indexed.keys()) if (!segments.includes(segment)) index.forget(chain, segment)
    if (folder === undefined) continue
    for (const segment of segments) added += await indexSegment(index, { folder, segment, known: indexed.get(segment) })
  }
  return added
}

interface Segment {
  readonly folder: string
  readonly segment: string
  /** Up to which byte it is indexed. */
  readonly known: number | undefined
}

async function indexSegment(index: AuditIndex, { folder, segment, known = 0 }: Segment): Promise<number> {
  const chain = basename(folder)
  const size = await sizeOf(join(folder, segment))
  // It was removed in this moment, because of its age.
  if (size === undefined) return 0
  // It is shorter than it was: somebody put another file in its place.
  if (size < known) index.forget(chain, segment)
  let added = 0
  for (let from = size < known ? 0 : known; ; ) {
    const { lines, end } = await readPiece(folder, { segment, offset: from })
    if (end === from) return added
    // Another process was faster; it goes on from there.
    if (!index.add({ chain, segment, from, to: end }, lines.map(toIndexed))) return added
    added += lines.length
    from = end
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

function toIndexed({ record, offset, length }: TrailLine): IndexedRecord {
  const time = Date.parse(record.time)
  return { offset, length, time: Number.isNaN(time) ? 0 : time, event: record.event, ...wordsOf(record) }
}

/** Members that can be searched for; what is no text is left out, whoever wrote it. */
function wordsOf(
  record: AuditRecord,
): Partial<Record<'callId' | 'subject' | 'name' | 'status' | 'code' | 'decision', string>> {
  const members: Readonly<Record<string, unknown>> = { ...record }
  const words: Record<string, string> = {}
  for (const name of ['callId', 'subject', 'name', 'status', 'code', 'decision']) {
    const value = members[name]
    if (typeof value === 'string') words[name] = value
  }
  return words
}
