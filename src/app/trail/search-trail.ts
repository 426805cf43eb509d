import { join } from 'node:path'
import { LineReader, type TrailLine } from '../../audit/read-after.ts'
import type { AuditIndex, IndexQuery } from '../../storage/audit-index.ts'
import { isDamaged, openAuditIndex } from '../../storage/sqlite/audit-index.ts'
import { removeIndex } from '../../storage/sqlite/index-file.ts'
import { updateIndex } from './update-index.ts'

/** What is looked for; all that is given must hold. */
export interface TrailQuery extends IndexQuery {
  /** Text in any clear member, whatever its case. */
  readonly text?: string
  readonly limit: number
}

/** Where the index of a trail is: beside its chains. */
export function indexFileOf(directory: string): string {
  return join(directory, 'index.db')
}

/**
 * The records that are meant, newest first. Brings the index up to date before; one that is damaged, or does not say what stands in the
 * trail, is made anew, once.
 */
export async function searchTrail(directory: string, query: TrailQuery): Promise<readonly TrailLine[]> {
  try {
    const found = await searchOnce(directory, query)
    if (found !== undefined) return found
  } catch (thrown) {
    if (!isDamaged(thrown)) throw thrown
  }
  removeIndex(indexFileOf(directory))
  return (await searchOnce(directory, query)) ?? []
}

/** `undefined` when the index names a place where no such record stands. */
async function searchOnce(directory: string, query: TrailQuery): Promise<readonly TrailLine[] | undefined> {
  const index = openAuditIndex({ file: indexFileOf(directory) })
  try {
    await updateIndex(index, directory)
    return await collect(index, directory, query)
  } finally {
    closeQuietly(index)
  }
}

async function collect(
  index: AuditIndex,
  directory: string,
  query: TrailQuery,
): Promise<readonly TrailLine[] | undefined> {
  const reader = new LineReader(directory)
  const text = query.text?.toLowerCase()
  const lines: TrailLine[] = []
  try {
    if (query.limit < 1) return lines
    for (const place of index.find(query)) {
      const line = await reader.read(place)
      if (line === undefined || !holds(line, query)) return undefined
      if (text !== undefined && !hasText(line.record, text)) continue
      lines.push(line)
      if (lines.length >= query.limit) break
    }
    return lines
  } finally {
    await reader.close()
  }
}

/** The trail is the authority: what the index says is looked up in the record. */
function holds({ record }: TrailLine, query: TrailQuery): boolean {
  const members: Readonly<Record<string, unknown>> = { ...record }
  const time = Date.parse(record.time)
  for (const name of ['event', 'callId', 'name', 'status', 'code', 'decision'] as const) {
    if (query[name] !== undefined && members[name] !== query[name]) return false
  }
  if (query.subjects !== undefined && !query.subjects.some((subject) => subject === members.subject)) return false
  return !(query.since !== undefined && time < query.since) && !(query.until !== undefined && time >= query.until)
}

/** Members that mean nothing to a reader. */
const OPAQUE = new Set(['hash', 'sealed', 'digest', 'note', 'frontier', 'prev'])

function hasText(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(text)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, inner]) => !OPAQUE.has(name) && hasText(inner, text))
}

/** What a damaged index says when it is closed is the same failure again. */
function closeQuietly(index: AuditIndex): void {
  try {
    index.close()
  } catch {
    return
  }
}
