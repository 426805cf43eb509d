import { Buffer } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { AuditRecord } from './audit-record.ts'
import { listSegments, parseRecord } from './read-segments.ts'

/** Up to where a chain was read: whole lines of one of its segments. */
export interface ChainPosition {
  readonly segment: string
  /** Bytes of the segment that were read. */
  readonly offset: number
}

/** A record with the line it stands in. */
export interface TrailLine {
  readonly record: AuditRecord
  /** Exactly as it stands in the file, without its end. */
  readonly line: string
  /** Name of the chain. */
  readonly chain: string
  readonly segment: string
  /** Where the line begins, and its length, in bytes. */
  readonly offset: number
  readonly length: number
}

/** A piece of a chain. */
export interface ChainPiece {
  readonly lines: readonly TrailLine[]
  /** Where the next piece begins. */
  readonly next: ChainPosition | undefined
  /** There was nothing more to read. */
  readonly isEnd: boolean
}

const PIECE = 1024 * 1024
const LINE_FEED = 0x0a
/** A longer line is no record of ours. */
const MAX_LINE = 64 * 1024 * 1024

/**
 * The whole lines of a chain's folder after a position, about a megabyte of them, across segments; from the beginning where
 * there is none. What is no record is skipped. Segments that are gone are passed over, so that a reader never stands still.
 */
export async function readAfter(folder: string, position: ChainPosition | undefined): Promise<ChainPiece> {
  // Listed before they are read: what another segment follows in this list gets no more lines.
  const segments = await listSegments(folder)
  let current = position
  for (const segment of segments) {
    if (current !== undefined && segment < current.segment) continue
    const offset = current?.segment === segment ? current.offset : 0
    const piece = await readPiece(folder, { segment, offset })
    current = { segment, offset: piece.end }
    if (piece.end > offset) return { lines: piece.lines, next: current, isEnd: false }
  }
  return { lines: [], next: current, isEnd: true }
}

/** The whole lines of one segment from an offset on, and the offset behind the last of them. */
export async function readPiece(
  folder: string,
  { segment, offset }: ChainPosition,
): Promise<{ readonly lines: readonly TrailLine[]; readonly end: number }> {
  const handle = await openOrNothing(join(folder, segment))
  if (handle === undefined) return { lines: [], end: offset }
  try {
    const { size } = await handle.stat()
    // An unfinished line that a dead process left is cut off; nothing of it was read.
    const from = Math.min(offset, size)
    const bytes = await readWholeLines(handle, from)
    return { lines: toLines(bytes, { chain: basename(folder), segment, offset: from }), end: from + bytes.length }
  } finally {
    await handle.close()
  }
}

/** Reads single lines at known places of a chain directory; the file it read from last stays open. */
export class LineReader {
  readonly #directory: string
  #file: string | undefined
  #handle: FileHandle | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /** `undefined` when no record stands there. */
  async read({ chain, segment, offset, length }: Omit<TrailLine, 'record' | 'line'>): Promise<TrailLine | undefined> {
    await this.#open(join(this.#directory, chain, segment))
    if (this.#handle === undefined || length > MAX_LINE) return undefined
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await this.#handle.read(bytes, 0, length, offset)
    const record = bytesRead === length ? parseRecord(bytes) : undefined
    return record === undefined ? undefined : { record, line: bytes.toString(), chain, segment, offset, length }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    this.#file = undefined
    await handle?.close()
  }

  async #open(file: string): Promise<void> {
    if (file === this.#file) return
    await this.close()
    this.#handle = await openOrNothing(file)
    this.#file = file
  }
}

async function openOrNothing(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Reads until at least one line is whole, or the file ends. */
async function readWholeLines(handle: FileHandle, from: number): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0)
  for (let room = PIECE; room <= MAX_LINE; room *= 4) {
    const more = Buffer.alloc(room - bytes.length)
    const { bytesRead } = await handle.read(more, 0, more.length, from + bytes.length)
    bytes = Buffer.concat([bytes, more.subarray(0, bytesRead)])
    const end = bytes.lastIndexOf(LINE_FEED)
    if (end >= 0) return bytes.subarray(0, end + 1)
    if (bytesRead < more.length) break
  }
  return Buffer.alloc(0)
}

function toLines(bytes: Buffer, at: { chain: string; segment: string; offset: number }): TrailLine[] {
  const lines: TrailLine[] = []
  let start = 0
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    const text = bytes.subarray(start, end)
    const record = parseRecord(text)
    if (record !== undefined) {
      const line = text.toString()
      lines.push({ record, line, chain: at.chain, segment: at.segment, offset: at.offset + start, length: text.length })
    }
    start = end + 1
  }
  return lines
}
