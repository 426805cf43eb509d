import { Buffer } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ToolgateError } from '../errors.ts'
import type { AuditRecord } from './audit-record.ts'

/** A line of a chain as it stands in its file. */
export interface ChainLine {
  /** The segment's file name. */
  readonly segment: string
  /** Counted from 1 in its segment. */
  readonly number: number
  /** Where it begins in the file. */
  readonly offset: number
  /** Without the line feed. */
  readonly bytes: Buffer
  /** Nothing ends it: it was being written. */
  readonly isCut: boolean
}

/** A record with the place it was read from. */
export interface ReadRecord {
  readonly record: AuditRecord
  readonly line: ChainLine
}

/** How records are read. */
export interface ReadOptions {
  /**
   * `strict`: a line that is no record throws. `tolerant`: it is skipped, for looking at what there is; a tail that is being
   * written now is none in both.
   */
  readonly mode: 'strict' | 'tolerant'
  /** Told of every line that was skipped. */
  readonly onSkipped?: (line: ChainLine) => void
}

const SEGMENT = /^\d{12}\.jsonl$/
const LINE_FEED = 0x0a
/** A longer line is no record of ours. */
const MAX_LINE = 64 * 1024 * 1024

/** The name of the segment that begins with this record. */
export function segmentName(seq: number): string {
  return `${String(seq).padStart(12, '0')}.jsonl`
}

/** The number of the first record of a segment. */
export function firstSeqOf(segment: string): number {
  return Number(segment.slice(0, 12))
}

/** The segments of a chain's folder in order; none where there is no folder. */
export async function listSegments(chain: string): Promise<readonly string[]> {
  return (await namesIn(chain)).filter((name) => SEGMENT.test(name)).sort()
}

/** The folders of chains in an audit directory, oldest first. A folder that holds segments itself is a chain alone. */
export async function listChains(directory: string): Promise<readonly string[]> {
  if ((await listSegments(directory)).length > 0) return [directory]
  const folders = [...(await namesIn(directory))].sort().map((name) => join(directory, name))
  const held = await Promise.all(folders.map(async (folder) => (await listSegments(folder)).length > 0))
  return folders.filter((_, at) => held[at])
}

/**
 * The records of a chain's folder in order, one file after the other, without holding more than a piece of one in memory.
 * Hashes are not checked: that is what verifying is for. Throws `STORAGE_FAILED` in strict mode.
 */
export async function* readSegments(chain: string, options: ReadOptions): AsyncGenerator<ReadRecord, void, undefined> {
  for (const segment of await listSegments(chain)) {
    for await (const lines of readLines(chain, segment)) yield* toRecords(chain, lines, options)
  }
}

function* toRecords(chain: string, lines: readonly ChainLine[], options: ReadOptions): Generator<ReadRecord> {
  for (const line of lines) {
    const record = line.isCut ? undefined : parseRecord(line.bytes)
    if (record !== undefined) yield { record, line }
    else if (options.mode === 'strict' && !line.isCut) throw unreadable(chain, line)
    else options.onSkipped?.(line)
  }
}

/** The lines of a segment, as many at once as a piece of the file holds: a promise for each would cost more than its hash. */
export async function* readLines(
  chain: string,
  segment: string,
): AsyncGenerator<readonly ChainLine[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  let offset = 0
  let number = 0
  for await (const piece of createReadStream(join(chain, segment), { highWaterMark: 1024 * 1024 })) {
    const bytes: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    const lines: ChainLine[] = []
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      number += 1
      lines.push({ segment, number, offset: offset + start, bytes: bytes.subarray(start, end), isCut: false })
      start = end + 1
    }
    rest = bytes.subarray(start)
    offset += start
    if (lines.length > 0) yield lines
    if (rest.length > MAX_LINE) break
  }
  if (rest.length > 0) yield [{ segment, number: number + 1, offset, bytes: rest, isCut: true }]
}

/** A line as a record; `undefined` when it is none. */
export function parseRecord(bytes: Buffer): AuditRecord | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is AuditRecord {
  if (typeof value !== 'object' || value === null) return false
  const { v, seq, time, event } = value as Partial<Record<string, unknown>>
  return v === 1 && Number.isSafeInteger(seq) && typeof time === 'string' && typeof event === 'string'
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return []
    throw cause
  }
}

function unreadable(chain: string, { segment, number }: ChainLine): ToolgateError {
  return new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `Line ${number} of ${join(chain, segment)} is not a record.`,
    hint: 'Find out what else is wrong with `toolgate audit verify`.',
  })
}
