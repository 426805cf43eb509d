import { setImmediate } from 'node:timers/promises'
import type { AuditRecord } from '../audit-record.ts'
import { hashBytes, splitLine } from '../chain-hash.ts'
import { type ChainLine, parseRecord, readLines } from '../read-segments.ts'
import type { RetentionLimits } from './retention-limits.ts'
import type { SegmentHead } from './segment-head.ts'

/** What is asked of every record of a segment. */
export interface ScanQuestions {
  readonly limits: RetentionLimits
  /** Milliseconds since 1970. */
  readonly now: number
  /** The legal hold that a record is under. */
  readonly heldBy: (record: AuditRecord) => string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a segment is, from its first record to its last. */
export interface ScannedSegment {
  readonly records: number
  /** Of its last record. */
  readonly hash: string
  /** Root of the tree of all records up to its end. */
  readonly root: string
  /** The latest time in a record; milliseconds since 1970. */
  readonly latest: number
  /** The latest time at which a checkpoint in it was written. */
  readonly writtenUntil: number
  /** The longest that a record in it must be kept. */
  readonly limitMs: number
  /** It has records that are there for themselves. */
  readonly hasContent: boolean
  /** Why it must stay. */
  readonly kept?: KeptReason
}

/** What keeps a segment from being removed. */
export interface KeptReason {
  readonly kind: 'young' | 'forever' | 'held' | 'unsent' | 'clock' | 'altered' | 'current' | 'busy'
  /** One sentence. */
  readonly message: string
}

/** Lines between two turns of the event loop: calls go on in between. */
const SLICE = 100

/**
 * Reads a segment against its own hashes, and stops at the first record that keeps it. What was altered is evidence, and is not
 * removed.
 */
export async function scanSegment(
  folder: string,
  head: SegmentHead,
  questions: ScanQuestions,
): Promise<ScannedSegment> {
  const scan = new Scan(head, questions)
  let count = 0
  for await (const lines of readLines(folder, head.segment)) {
    for (const line of lines) {
      const kept = scan.take(line)
      if (kept !== undefined) return { ...scan.result(), kept }
      count += 1
      if (count % SLICE === 0) await setImmediate(undefined, { signal: questions.signal })
    }
  }
  return scan.result()
}

class Scan {
  readonly #head: SegmentHead
  readonly #questions: ScanQuestions
  #hash: string
  #latest = 0
  #writtenUntil = 0
  #limitMs = 0
  #hasContent = false

  constructor(head: SegmentHead, questions: ScanQuestions) {
    this.#head = head
    this.#questions = questions
    this.#hash = head.checkpoint.prev
  }

  take(line: ChainLine): KeptReason | undefined {
    const { tree } = this.#head
    const parts = line.isCut ? undefined : splitLine(line.bytes)
    const record = parseRecord(line.bytes)
    const isWhole = parts !== undefined && hashBytes(this.#hash, parts.covered) === parts.hash
    if (!isWhole || record?.seq !== tree.size) {
      return { kind: 'altered', message: `Line ${line.number} of ${line.segment} is not what was written.` }
    }
    tree.append(parts.hash)
    this.#hash = parts.hash
    return this.#judge(record)
  }

  result(): ScannedSegment {
    return {
      records: this.#head.tree.size - this.#head.firstSeq,
      hash: this.#hash,
      root: this.#head.tree.root(),
      latest: this.#latest,
      writtenUntil: this.#writtenUntil,
      limitMs: this.#limitMs,
      hasContent: this.#hasContent,
    }
  }

  #judge(record: AuditRecord): KeptReason | undefined {
    const { limits, now, heldBy } = this.#questions
    const hold = heldBy(record)
    if (hold !== undefined) return { kind: 'held', message: `The record ${record.seq} is under the hold ${hold}.` }
    const limitMs = limits.of(record.event)
    const time = Date.parse(record.time)
    this.#latest = Math.max(this.#latest, time)
    if (record.event === 'checkpoint') this.#writtenUntil = Math.max(this.#writtenUntil, time)
    this.#limitMs = Math.max(this.#limitMs, limitMs)
    if (limitMs > 0) this.#hasContent = true
    const what = `The record ${record.seq} (${record.event}) of ${record.time}`
    if (limitMs === Number.POSITIVE_INFINITY) return { kind: 'forever', message: `${what} is kept for ever.` }
    // Written so that a time which is none keeps it.
    if (limitMs > 0 && !(now - time >= limitMs)) return { kind: 'young', message: `${what} is not old enough.` }
    return undefined
  }
}
