import type { AuditEntry } from './audit-trail.ts'
import { auditUnavailable } from './audit-unavailable.ts'
import { BatchLinker, type BatchLinkerOptions, type LinkedBatch } from './batch-linker.ts'
import { SegmentWriter } from './segment-writer.ts'

/** What a writer needs and whom it tells. */
export interface BatchWriterOptions extends BatchLinkerOptions {
  /** Nothing can be written; it is tried again until it can. */
  readonly onFailed: (cause: unknown) => void
  /** It can be again. Entries added now stand right after those that had to wait. */
  readonly onRecovered: () => void
  /** A signed note is durable in the chain. */
  readonly onNote: (note: string) => void
}

/** One promise for all that wait for the same batch. */
interface Waiting {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000
const MAX_ENTRIES = 2_000
const MAX_LENGTH = 4 * 1024 * 1024
const CHECKPOINT_MS = 60_000

/**
 * Collects entries while the batch before is on its way to the disk, and writes them as one batch. One that could not be
 * written is written again, byte for byte, until it can.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions
  readonly #linker: BatchLinker
  readonly #segments = new SegmentWriter()
  #entries: AuditEntry[] = []
  #length = 0
  /** Of those that wait for entries that are not linked yet. */
  #waiting: Waiting | undefined
  #linked: LinkedBatch | undefined
  #linkedWaiting: Waiting | undefined
  #isBusy = false
  #isScheduled = false
  #retryMs = 0
  #retry: NodeJS.Timeout | undefined
  #checkpoint: NodeJS.Timeout | undefined
  #isCheckpointDue = false

  constructor(options: BatchWriterOptions) {
    this.#options = options
    this.#linker = new BatchLinker(options)
  }

  get hasFailed(): boolean {
    return this.#retryMs > 0
  }

  /** Entries that are not on disk yet. */
  get unwritten(): number {
    return this.#entries.length + (this.#linked?.entries ?? 0)
  }

  /** The characters of those that are not linked yet. */
  get waitingLength(): number {
    return this.#length
  }

  /** Takes an entry. Never throws. */
  add(entry: AuditEntry): void {
    this.#entries.push(entry)
    this.#length += entry.members.length
    this.#schedule()
  }

  /** Resolves when everything added so far is on disk; rejects with `AUDIT_UNAVAILABLE` when it cannot be now. */
  written(): Promise<void> {
    if (this.#entries.length === 0 && this.#linkedWaiting !== undefined) return this.#linkedWaiting.promise
    this.#waiting ??= newWaiting()
    return this.#waiting.promise
  }

  /** The same, and tries at once. */
  async flush(): Promise<void> {
    if (this.unwritten === 0 && !this.#isCheckpointDue) return
    const written = this.written()
    void this.#attempt()
    await written
  }

  /** Of the chain, absolute; `undefined` before the first batch. */
  get folder(): string | undefined {
    return this.#linker.folder
  }

  /** Begins a new segment. Resolves when its first checkpoint is on disk; rejects with `AUDIT_UNAVAILABLE`. */
  async startSegment(): Promise<void> {
    this.#linker.endSegment()
    await this.#cover()
  }

  /** Takes an entry. Resolves when a checkpoint that covers it is on disk; rejects with `AUDIT_UNAVAILABLE`. */
  async seal(entry: AuditEntry): Promise<void> {
    this.add(entry)
    await this.flush()
    await this.#cover()
  }

  async #cover(): Promise<void> {
    const { size } = this.#linker
    // A batch that was linked before may be on its way: the one after it has the checkpoint.
    do {
      this.#isCheckpointDue = true
      await this.flush()
    } while (this.#linker.durablyCovered < size)
  }

  /** Writes everything and a last checkpoint, and lets go of the chain. Rejects with `AUDIT_UNAVAILABLE`. */
  async close(): Promise<void> {
    try {
      await this.flush()
      this.#isCheckpointDue = this.#linker.hasUncovered
      await this.flush()
    } finally {
      clearTimeout(this.#retry)
      clearInterval(this.#checkpoint)
      this.#segments.close()
      this.#linker.close()
    }
  }

  /** For the end of the process: writes what waits without returning before, as far as the disk takes it. */
  writeNow(): void {
    try {
      // A batch that a thread is writing is the same bytes at the same place.
      for (let batch = this.#linked ?? this.#next(); batch !== undefined; batch = this.#next()) {
        this.#segments.writeNow(batch.place, batch.bytes)
        this.#linked = undefined
        this.#linker.advance(batch)
      }
    } catch {
      // There is no later moment to try again at, and nobody left to tell.
    }
  }

  #schedule(): void {
    if (this.#isBusy || this.#isScheduled || this.hasFailed) return
    this.#isScheduled = true
    // With everything that came in the same turn of the event loop. Under load the batch before is still on its way.
    setImmediate(() => this.#attempt())
  }

  async #attempt(): Promise<void> {
    this.#isScheduled = false
    if (this.#isBusy) return
    this.#isBusy = true
    clearTimeout(this.#retry)
    try {
      this.#leaveIfMoved()
      const batch = this.#linked ?? this.#next()
      if (batch !== undefined) await this.#segments.write(batch.place, batch.bytes)
      this.#succeed(batch)
    } catch (cause) {
      this.#fail(cause)
    } finally {
      this.#isBusy = false
      if (this.unwritten > 0 || this.#waiting !== undefined) this.#schedule()
    }
  }

  #leaveIfMoved(): void {
    const place = this.#linked?.place ?? this.#linker.place
    if (place === undefined || this.#segments.isCurrent(place)) return
    this.#segments.close()
    this.#linked = this.#linker.leave(this.#linked)
  }

  #next(): LinkedBatch | undefined {
    if (this.#entries.length === 0 && !this.#isCheckpointDue) return undefined
    this.#linked = this.#linker.link(() => this.#take(), this.#isCheckpointDue)
    this.#isCheckpointDue = false
    this.#checkpoint ??= setInterval(() => this.#requestCheckpoint(), CHECKPOINT_MS).unref()
    if (this.#entries.length === 0) {
      this.#linkedWaiting = this.#waiting
      this.#waiting = undefined
    }
    return this.#linked
  }

  #take(): readonly AuditEntry[] {
    let count = 0
    let length = 0
    while (count < this.#entries.length && count < MAX_ENTRIES && length < MAX_LENGTH) {
      length += this.#entries[count]?.members.length ?? 0
      count += 1
    }
    this.#length -= length
    if (count < this.#entries.length) return this.#entries.splice(0, count)
    const all = this.#entries
    this.#entries = []
    return all
  }

  #requestCheckpoint(): void {
    if (!this.#linker.hasUncovered) return
    this.#isCheckpointDue = true
    this.#schedule()
  }

  #succeed(batch: LinkedBatch | undefined): void {
    this.#linked = undefined
    if (batch !== undefined) this.#linker.advance(batch)
    if (this.hasFailed) {
      this.#retryMs = 0
      this.#options.onRecovered()
    }
    for (const note of batch?.notes ?? []) this.#options.onNote(note)
    this.#linkedWaiting?.resolve()
    this.#linkedWaiting = undefined
    if (this.#entries.length > 0 || this.#isCheckpointDue) return
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  #fail(cause: unknown): void {
    const isNews = !this.hasFailed
    this.#retryMs = isNews ? FIRST_RETRY_MS : Math.min(this.#retryMs * 2, LAST_RETRY_MS)
    // A process that only waits for room on the disk may end.
    this.#retry = setTimeout(() => this.#attempt(), this.#retryMs).unref()
    if (isNews) this.#options.onFailed(cause)
    const reason = auditUnavailable(this.#options.directory, cause)
    this.#linkedWaiting?.reject(reason)
    this.#waiting?.reject(reason)
    this.#linkedWaiting = undefined
    this.#waiting = undefined
  }
}

function newWaiting(): Waiting {
  let settle: Omit<Waiting, 'promise'> | undefined
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  // Who appends without waiting does not hear of a failure here.
  promise.catch(() => undefined)
  return { promise, resolve: () => settle?.resolve(), reject: (reason) => settle?.reject(reason) }
}
