import { Buffer } from 'node:buffer'
import { basename } from 'node:path'
import { firstHash, hashBytes, splitLine } from './chain-hash.ts'
import { MerkleTree } from './merkle-tree.ts'
import { type ChainLine, firstSeqOf, listSegments, parseRecord, readLines } from './read-segments.ts'
import { originOf } from './record-chain.ts'
import { type NoteKey, openNote } from './signed-note.ts'
import type { Checkpoint, Retention } from './trail-event.ts'

/** What is wrong with a chain, and where it begins. */
export interface Finding {
  readonly kind: FindingKind
  /** The first record that is not what it should be; for what is missing, the first that is. */
  readonly seq: number
  /** Absent where the place is no line. */
  readonly segment?: string
  readonly line?: number
  /** One sentence. */
  readonly message: string
}

export type FindingKind = 'edited' | 'missing' | 'reordered' | 'duplicated' | 'cut-off' | 'forked' | 'forged-checkpoint'

/** What was found in a chain. */
export interface ChainReport {
  readonly chain: string
  /** Records that hold, up to the first that does not. */
  readonly records: number
  /** The number of the first record that is there. */
  readonly firstSeq: number
  /** How many records the last good checkpoint covers. */
  readonly covered: number
  /** Records at the end that no checkpoint covers: whoever can write the files could have changed these unnoticed. */
  readonly uncovered: number
  /** It ended in good order: `lifecycle.stopped`, and a checkpoint behind it. */
  readonly isClosed: boolean
  /** Unfinished bytes at the end; a living writer leaves some, a dead one too until the next start. */
  readonly tornBytes: number
  readonly finding?: Finding
}

/** What a chain is held against. */
export interface VerifyOptions {
  readonly key: NoteKey
  /** Signed notes that were kept elsewhere, of any chain. */
  readonly notes: readonly string[]
}

/** A statement about a chain that the key has signed. */
interface Anchor {
  readonly size: number
  readonly root: string
}

/**
 * Reads a chain's folder once, in pieces, and holds it against its own hashes, its signed checkpoints and the notes that were
 * kept elsewhere. Stops at the first record that does not hold.
 */
export async function verifyChain(folder: string, options: VerifyOptions): Promise<ChainReport> {
  const name = basename(folder)
  const walk = new Walk(name, options)
  for (const segment of await listSegments(folder)) {
    for await (const lines of readLines(folder, segment)) {
      for (const line of lines) if (!walk.take(line)) break
      if (walk.isOver) return walk.report()
    }
  }
  walk.end()
  return walk.report()
}

class Walk {
  readonly #name: string
  readonly #key: NoteKey
  /** By size, least first. */
  readonly #anchors: Anchor[]
  #tree = new MerkleTree()
  #last: string
  #firstSeq = -1
  #covered = 0
  #checkpointAt = -1
  #stoppedAt = -1
  #keptFrom = 0
  /** What the first record that is there follows, where it is not the first of the chain. */
  #cutAfter: string | undefined
  /** What a `retention` says counts when a signed checkpoint covers it: everybody can write a record behind the last one. */
  #claimed = 0
  #torn = 0
  #finding: Finding | undefined
  /** It is read on only to see whether this record stands somewhere else. */
  #sought = -1

  constructor(name: string, { key, notes }: VerifyOptions) {
    this.#name = name
    this.#key = key
    this.#last = firstHash(name)
    this.#anchors = toAnchors(name, key, notes)
  }

  /** Whether nothing that comes can change what was found. */
  get isOver(): boolean {
    return this.#finding !== undefined && this.#sought < 0
  }

  /** Takes the next line. Answers whether to go on. */
  take(line: ChainLine): boolean {
    if (this.#sought >= 0) return this.#seek(line)
    if (line.isCut) {
      this.#torn += line.bytes.length
      return true
    }
    if (this.#firstSeq < 0) this.#begin(line)
    if (this.#finding !== undefined) return false
    const parts = splitLine(line.bytes)
    const { seq, event } = headOf(line.bytes)
    if (parts === undefined || hashBytes(this.#last, parts.covered) !== parts.hash || seq !== this.#tree.size) {
      this.#explain(line, seq)
      return !this.isOver
    }
    if (!UNREMARKABLE.has(event) && !this.#look(line)) return false
    this.#tree.append(parts.hash)
    this.#last = parts.hash
    return this.#meetAnchors(line)
  }

  /** There are no more lines. */
  end(): void {
    if (this.#finding !== undefined) return
    if (this.#firstSeq > this.#keptFrom) {
      const message = `The records before ${this.#firstSeq} are missing, and no signed record says that they were removed.`
      this.#finding = { kind: 'missing', seq: 0, message }
      return
    }
    const anchor = this.#anchors.at(-1)
    if (anchor === undefined || anchor.size <= this.#tree.size) return
    this.#finding = {
      kind: 'cut-off',
      seq: this.#tree.size,
      message: `The end was cut off: a signed checkpoint covers ${anchor.size} records, and there are ${this.#tree.size}.`,
    }
  }

  report(): ChainReport {
    return {
      chain: this.#name,
      records: Math.max(0, this.#tree.size - Math.max(0, this.#firstSeq)),
      firstSeq: Math.max(0, this.#firstSeq),
      covered: this.#covered,
      uncovered: this.#tree.size - this.#covered - (this.#endsWithCheckpoint ? 1 : 0),
      isClosed: this.#endsWithCheckpoint && this.#stoppedAt >= 0 && this.#stoppedAt === this.#tree.size - 2,
      tornBytes: this.#torn,
      ...(this.#finding === undefined ? {} : { finding: this.#finding }),
    }
  }

  /** Where the segments before are gone because of their age, the chain begins with a checkpoint, which says on what. */
  #begin(line: ChainLine): void {
    const firstSeq = firstSeqOf(line.segment)
    this.#firstSeq = firstSeq
    if (firstSeq === 0) return
    const record = parseRecord(line.bytes)
    const tree = record?.event === 'checkpoint' ? MerkleTree.from(firstSeq, record.frontier) : undefined
    if (record?.event !== 'checkpoint' || tree === undefined) {
      this.#finding = find(
        'missing',
        0,
        line,
        `The records before ${firstSeq} are missing, and no checkpoint stands for them.`,
      )
      return
    }
    this.#tree = tree
    this.#last = record.prev
    this.#cutAfter = record.prev
    this.#covered = firstSeq
    for (let anchor = this.#anchors[0]; anchor !== undefined && anchor.size < firstSeq; anchor = this.#anchors[0]) {
      this.#anchors.shift()
    }
  }

  #checkpoint(line: ChainLine, record: Checkpoint): boolean {
    const seq = this.#tree.size
    const said = openNote(record.note, this.#key)
    if (said === undefined || said.origin !== originOf(this.#name) || said.size !== seq || record.size !== seq) {
      this.#finding = find(
        'forged-checkpoint',
        seq,
        line,
        `The checkpoint ${seq} is not signed by the key, or speaks of another place.`,
      )
    } else if (said.root !== toBase64(this.#tree.root())) {
      this.#finding = this.#rewritten(seq, line)
    } else {
      this.#covered = seq
      this.#checkpointAt = seq
      this.#keptFrom = this.#claimed
    }
    return this.#finding === undefined
  }

  #meetAnchors(line: ChainLine): boolean {
    const size = this.#tree.size
    for (let anchor = this.#anchors[0]; anchor !== undefined && anchor.size <= size; anchor = this.#anchors[0]) {
      if (anchor.size === size && anchor.root !== toBase64(this.#tree.root())) {
        this.#finding = this.#rewritten(size, line)
        return false
      }
      this.#covered = Math.max(this.#covered, anchor.size)
      this.#anchors.shift()
    }
    return true
  }

  #rewritten(size: number, line: ChainLine): Finding {
    const from = this.#covered
    return find(
      'forked',
      from,
      line,
      `The records ${from} to ${size - 1} are not those that were signed: the chain was written anew or forked.`,
    )
  }

  get #endsWithCheckpoint(): boolean {
    return this.#checkpointAt >= 0 && this.#checkpointAt === this.#tree.size - 1
  }

  /** Reads what the few records say that matter here; the others are not even parsed. */
  #look(line: ChainLine): boolean {
    const record = parseRecord(line.bytes)
    if (record?.event === 'checkpoint') return this.#checkpoint(line, record)
    if (record?.event === 'lifecycle.stopped') this.#stoppedAt = this.#tree.size
    return record?.event === 'retention' ? this.#retain(line, record) : true
  }

  #retain(line: ChainLine, { keptFrom, head }: Retention): boolean {
    this.#claimed = Math.max(this.#claimed, keptFrom)
    if (keptFrom !== this.#firstSeq || this.#cutAfter === undefined || head === this.#cutAfter) return true
    const message = `The records before ${keptFrom} are not those whose removal was recorded: another end was put before the cut.`
    this.#finding = find('forked', keptFrom, line, message)
    return false
  }

  #explain(line: ChainLine, seq: number | undefined): void {
    const due = this.#tree.size
    if (seq === undefined || seq === due) {
      const message = `The record ${due} was edited, or the one before it was, with a hash to match.`
      this.#finding = find('edited', due, line, message)
    } else if (seq < due) {
      this.#finding = find('duplicated', due, line, `The record ${seq} stands here again, in the place of ${due}.`)
    } else {
      this.#finding = find('missing', due, line, `The record ${due} is missing: ${seq} stands in its place.`)
      this.#sought = due
    }
  }

  #seek(line: ChainLine): boolean {
    if (headOf(line.bytes).seq !== this.#sought || this.#finding === undefined) return true
    const message = `The record ${this.#sought} stands in another place: line ${line.number} of ${line.segment}.`
    this.#finding = { ...this.#finding, kind: 'reordered', message }
    this.#sought = -1
    return false
  }
}

/** What says nothing that matters here is not even parsed; whatever does not begin like these is. */
const UNREMARKABLE: ReadonlySet<string> = new Set([
  'call.decided',
  'call.completed',
  'list.served',
  'subject.introduced',
])
const HEAD = /^\{"v":1,"seq":(0|[1-9]\d{0,15}),(?:"time":"[^"\\]{1,30}","event":"([a-z.]{1,30})")?/

function headOf(line: Buffer): { readonly seq: number | undefined; readonly event: string } {
  const [, digits, event = ''] = HEAD.exec(line.toString('latin1', 0, 120)) ?? []
  return { seq: digits === undefined ? undefined : Number(digits), event }
}

function find(kind: FindingKind, seq: number, { segment, number }: ChainLine, message: string): Finding {
  return { kind, seq, segment, line: number, message }
}

function toBase64(hash: string): string {
  return Buffer.from(hash, 'base64url').toString('base64')
}

/** Those of this chain that the key has signed, by size; what others signed says nothing. */
function toAnchors(name: string, key: NoteKey, notes: readonly string[]): Anchor[] {
  const origin = originOf(name)
  return notes
    .filter((note) => note.startsWith(`${origin}\n`))
    .map((note) => openNote(note, key))
    .filter((said) => said !== undefined)
    .sort((one, other) => one.size - other.size)
}
