import { Buffer } from 'node:buffer'
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { hashBytes, splitLine } from './chain-hash.ts'
import { MerkleTree } from './merkle-tree.ts'
import { firstSeqOf, parseRecord } from './read-segments.ts'
import { type ChainState, newChainState, originOf } from './record-chain.ts'
import { type NoteKey, openNote } from './signed-note.ts'
import type { Checkpoint } from './trail-event.ts'

/** A chain as it was left. */
export interface RecoveredChain {
  readonly state: ChainState
  /** The segment to go on in, and how many of its bytes are whole records; absent when there is none. */
  readonly segment: { readonly firstSeq: number; readonly bytes: number } | undefined
  /** Bytes that the process before did not finish. They were put aside, into a file beside the segment. */
  readonly tornBytes: number
}

const LINE_FEED = 0x0a

/**
 * Reads the last segment of a chain and finds where to go on. What a dying process left unfinished at the end was never
 * acknowledged: it is put aside and cut off. `undefined` when the chain is damaged in any other way: it is left as it is,
 * because going on in it would hide that. Every segment begins with a checkpoint, so the others need not be read.
 */
export function recoverChain(folder: string, name: string, key: NoteKey): RecoveredChain | undefined {
  const segments = readdirSync(folder)
    .filter((each) => /^\d{12}\.jsonl$/.test(each))
    .sort()
  let tornBytes = 0
  for (let segment = segments.pop(); segment !== undefined; segment = segments.pop()) {
    const file = join(folder, segment)
    const bytes = readFileSync(file)
    const firstSeq = firstSeqOf(segment)
    const read = readWhole(bytes, { name, firstSeq, key })
    const torn = bytes.subarray(read?.end ?? 0)
    if (torn.length > 0 && hasLaterRecord(torn)) return undefined
    tornBytes += torn.length
    if (read !== undefined && read.end > 0) {
      if (torn.length > 0) putAside(file, torn, read.end)
      return { state: read.state, segment: { firstSeq, bytes: read.end }, tornBytes }
    }
    // It was just being begun: not even its first line is whole. The one before it is the last.
    if (torn.includes(LINE_FEED)) return undefined
    renameSync(file, `${file}.0.torn`)
  }
  return { state: newChainState(name), segment: undefined, tornBytes }
}

/** Which segment a checkpoint is to stand at the beginning of. */
export interface SegmentPlace {
  readonly name: string
  readonly firstSeq: number
  readonly key: NoteKey
}

/** Follows the chain as far as it holds. `undefined` when its beginning does not say where it stands. */
function readWhole(bytes: Buffer, expected: SegmentPlace): { state: ChainState; end: number } | undefined {
  const introduced = new Set<string>()
  const begun = begin(bytes, expected)
  if (begun === undefined) return undefined
  let { last } = begun
  const { tree } = begun
  let start = 0
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    const line = bytes.subarray(start, end)
    const parts = splitLine(line)
    if (parts === undefined || hashBytes(last, parts.covered) !== parts.hash) break
    if (!line.subarray(0, 40).toString('latin1').startsWith(`{"v":1,"seq":${tree.size},`)) break
    tree.append(parts.hash)
    last = parts.hash
    start = end + 1
    if (line.includes('"event":"subject.introduced"')) noteIntroduction(line, introduced)
  }
  return { state: { name: expected.name, last, tree, introduced }, end: start }
}

/** What the checkpoint at the beginning of a segment says, as far as the key vouches for it. */
function begin(bytes: Buffer, { name, firstSeq, key }: SegmentPlace): { last: string; tree: MerkleTree } | undefined {
  const end = bytes.indexOf(LINE_FEED)
  const record = end < 0 ? undefined : parseRecord(bytes.subarray(0, end))
  if (record?.event !== 'checkpoint') return undefined
  const tree = treeOf(record, { name, firstSeq, key })
  return tree === undefined ? undefined : { last: record.prev, tree }
}

/** The tree that a checkpoint at the beginning of a segment vouches for; `undefined` when it is not signed, not of this chain, or not consistent. */
export function treeOf(checkpoint: Checkpoint, { name, firstSeq, key }: SegmentPlace): MerkleTree | undefined {
  const said = openNote(checkpoint.note, key)
  if (said === undefined || said.origin !== originOf(name)) return undefined
  if (said.size !== firstSeq || checkpoint.size !== firstSeq) return undefined
  const tree = MerkleTree.from(firstSeq, checkpoint.frontier)
  if (tree === undefined) return undefined
  return Buffer.from(tree.root(), 'base64url').toString('base64') === said.root ? tree : undefined
}

function noteIntroduction(line: Buffer, introduced: Set<string>): void {
  const record = parseRecord(line)
  if (record?.event === 'subject.introduced') introduced.add(record.subject)
}

/** Whether a record stands whole behind the first that does not: then somebody changed the file, and nobody died. */
function hasLaterRecord(torn: Buffer): boolean {
  let before: string | undefined
  let start = 0
  for (let end = torn.indexOf(LINE_FEED); end >= 0; end = torn.indexOf(LINE_FEED, start)) {
    const parts = splitLine(torn.subarray(start, end))
    if (parts !== undefined && before !== undefined && hashBytes(before, parts.covered) === parts.hash) return true
    before = parts?.hash
    start = end + 1
  }
  return false
}

/** Nothing is destroyed: what is cut off stays beside the segment. */
function putAside(file: string, torn: Buffer, at: number): void {
  writeFileSync(`${file}.${at}.torn`, torn, { mode: 0o600 })
  const descriptor = openSync(file, 'r+')
  try {
    ftruncateSync(descriptor, at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
