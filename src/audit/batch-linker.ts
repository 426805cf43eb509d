import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { isoTime } from '../observe/iso-time.ts'
import { type AuditEntry, toEntry } from './audit-trail.ts'
import { type OpenedChain, openChain, type TakeLock } from './open-chain.ts'
import { segmentName } from './read-segments.ts'
import { RecordChain } from './record-chain.ts'
import type { WritePlace } from './segment-writer.ts'
import type { NoteSigner } from './signed-note.ts'

/** Where the chains are and what is needed to write one. */
export interface BatchLinkerOptions {
  /** Folder of the chains. Absolute. */
  readonly directory: string
  readonly segmentBytes: number
  readonly takeLock: TakeLock
  /** The name of the one chain to go on in. Default: the first that is free, else a new one. */
  readonly chain?: string
  readonly openSigner: () => NoteSigner
  readonly clock: () => number
  /** Something was found that somebody should know. */
  readonly onFound: (message: string) => void
}

/** Lines with their numbers and hashes, for one place: nothing but these bytes may ever stand there. */
export interface LinkedBatch {
  readonly place: WritePlace
  readonly firstSeq: number
  readonly bytes: Buffer
  /** How many entries it was made of. */
  readonly entries: number
  /** Of the checkpoints among the lines. */
  readonly notes: readonly string[]
  /** How many records are covered by a checkpoint when it is on disk. */
  readonly covered: number
}

const CHECKPOINT_RECORDS = 1_000

/** Makes batches of entries for a chain that it opens with the first of them, begins segments and sets checkpoints. */
export class BatchLinker {
  readonly #options: BatchLinkerOptions
  #opened: OpenedChain | undefined
  #chain: RecordChain | undefined
  /** Where the next batch goes; a new segment is begun where there is none. */
  #place: WritePlace | undefined
  #torn: AuditEntry | undefined
  /** How many records the last checkpoint covers, itself included. */
  #checkpointed = 0
  #durablyCovered = 0
  /** The number of the first record of the segment that is written. */
  #segmentSeq = 0
  #isSegmentDue = false

  constructor(options: BatchLinkerOptions) {
    this.#options = options
  }

  /** Whether there are records since the last checkpoint. */
  get hasUncovered(): boolean {
    return this.#chain !== undefined && this.#chain.size > this.#checkpointed
  }

  /** How many records it has, those that wait for the disk among them. */
  get size(): number {
    return this.#chain?.size ?? 0
  }

  /** How many of them a checkpoint covers that is on disk. */
  get durablyCovered(): number {
    return this.#durablyCovered
  }

  /** Of the chain, absolute; `undefined` before the first batch. */
  get folder(): string | undefined {
    return this.#opened?.folder
  }

  /** The next batch begins a segment, where the one that is written has more than its first checkpoint. */
  endSegment(): void {
    this.#isSegmentDue = true
  }

  /** Throws what the system says when the chain cannot be opened; then nothing has changed. */
  link(entries: () => readonly AuditEntry[], isCheckpointDue: boolean): LinkedBatch {
    const chain = this.#chain ?? this.#open()
    const time = isoTime(this.#options.clock())
    const firstSeq = chain.size
    const notes: string[] = []
    let text = ''
    const addCheckpoint = (): void => {
      const { line, note } = chain.linkCheckpoint(time)
      text += line
      notes.push(note)
      this.#checkpointed = chain.size
    }
    if (this.#isSegmentDue && firstSeq > this.#segmentSeq + 1) this.#place = undefined
    this.#isSegmentDue = false
    const place = this.#place ?? this.#newPlace(firstSeq)
    if (place.offset === 0) {
      this.#segmentSeq = firstSeq
      chain.startSegment()
      addCheckpoint()
    }
    const taken = entries()
    for (const entry of this.#withTorn(taken)) text += chain.link(entry, time)
    if ((isCheckpointDue && this.hasUncovered) || chain.size - this.#checkpointed >= CHECKPOINT_RECORDS) addCheckpoint()
    return { place, firstSeq, bytes: Buffer.from(text), entries: taken.length, notes, covered: this.#checkpointed }
  }

  /** The batch is on disk: the next one goes behind it. */
  advance({ place: { file, offset }, bytes, covered }: LinkedBatch): void {
    this.#durablyCovered = covered
    const end = offset + bytes.length
    this.#place = end < this.#options.segmentBytes ? { file, offset: end } : undefined
  }

  /** Leaves a segment that is gone. A batch that is linked already stands at the beginning of the next one. */
  leave(batch: LinkedBatch | undefined): LinkedBatch | undefined {
    this.#place = undefined
    this.#options.onFound(`A segment of the audit trail ${this.#opened?.folder} was moved away; a new one is begun.`)
    return batch === undefined ? undefined : { ...batch, place: this.#newPlace(batch.firstSeq) }
  }

  /** Where the next batch goes, once there was one. */
  get place(): WritePlace | undefined {
    return this.#place
  }

  /** Lets go of the chain. */
  close(): void {
    this.#opened?.release()
    this.#opened = undefined
  }

  #open(): RecordChain {
    const { directory, takeLock, openSigner, clock, onFound, chain } = this.#options
    const signer = openSigner()
    const opened = openChain({
      directory,
      takeLock,
      key: signer.publicKey,
      clock,
      ...(chain === undefined ? {} : { chain }),
    })
    this.#opened = opened
    this.#chain = new RecordChain(opened.state, signer)
    this.#segmentSeq = opened.segment?.firstSeq ?? 0
    if (opened.segment !== undefined && opened.segment.bytes < this.#options.segmentBytes) {
      this.#place = { file: this.#newPlace(opened.segment.firstSeq).file, offset: opened.segment.bytes }
    }
    for (const name of opened.damaged) {
      onFound(`The chain ${name} of the audit trail was changed; it is left as it is, for \`toolgate audit verify\`.`)
    }
    if (opened.tornBytes > 0) {
      const bytes = opened.tornBytes
      this.#torn = toEntry({ time: isoTime(clock()), event: 'gap', reason: 'torn', bytes })
      onFound(`The process before died while it wrote the audit trail; ${bytes} unfinished bytes were put aside.`)
    }
    return this.#chain
  }

  #withTorn(entries: readonly AuditEntry[]): readonly AuditEntry[] {
    const torn = this.#torn
    this.#torn = undefined
    return torn === undefined ? entries : [torn, ...entries]
  }

  #newPlace(firstSeq: number): WritePlace {
    return { file: join(this.#opened?.folder ?? '', segmentName(firstSeq)), offset: 0 }
  }
}
