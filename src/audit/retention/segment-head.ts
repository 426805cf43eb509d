import { Buffer } from 'node:buffer'
import { lstat, open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { MerkleTree } from '../merkle-tree.ts'
import { firstSeqOf, parseRecord } from '../read-segments.ts'
import { treeOf } from '../recover-chain.ts'
import type { NoteKey } from '../signed-note.ts'
import type { Checkpoint } from '../trail-event.ts'

/** What the signed checkpoint at the beginning of a segment says. */
export interface SegmentHead {
  readonly segment: string
  readonly firstSeq: number
  /** Of the file, in bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly checkpoint: Checkpoint
  /** The tree of all records before. */
  readonly tree: MerkleTree
}

/** Longer than a checkpoint with the greatest frontier there can be. */
const ROOM = 16 * 1024

/** The head of a segment; `undefined` where it is no plain file, or does not begin with a checkpoint that the key has signed. */
export async function readHead(folder: string, segment: string, key: NoteKey): Promise<SegmentHead | undefined> {
  const file = join(folder, segment)
  const status = await lstat(file)
  if (!status.isFile()) return undefined
  const record = parseRecord(await readFirstLine(file))
  if (record?.event !== 'checkpoint') return undefined
  const firstSeq = firstSeqOf(segment)
  const tree = treeOf(record, { name: basename(folder), firstSeq, key })
  if (tree === undefined || record.seq !== firstSeq) return undefined
  return { segment, firstSeq, size: status.size, time: Date.parse(record.time), checkpoint: record, tree }
}

async function readFirstLine(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(ROOM), 0, ROOM, 0)
    const end = buffer.subarray(0, bytesRead).indexOf('\n')
    return buffer.subarray(0, Math.max(0, end))
  } finally {
    await handle.close()
  }
}
