import { isoTime } from '../observe/iso-time.ts'
import type { Observer } from '../observe/observation.ts'
import { type AuditEntry, type AuditTrail, toEntry } from './audit-trail.ts'
import { auditUnavailable } from './audit-unavailable.ts'
import { BatchWriter } from './batch-writer.ts'
import { CheckpointFile } from './checkpoint-file.ts'
import type { TakeLock } from './open-chain.ts'
import type { NoteSigner } from './signed-note.ts'
import { writeAtExit } from './write-at-exit.ts'

/** Where the trail goes, and what is done when it cannot. */
export interface ChainAuditOptions {
  /** Absolute. Made, for its owner alone, when the first record is written. */
  readonly directory: string
  /** File that signed checkpoints are appended to beside the chain. Absolute. */
  readonly checkpoints: string
  /** `strict`: `record` promises durability, and refuses while there is none. `best-effort`: nothing waits. */
  readonly mode: 'strict' | 'best-effort'
  /** A segment that has so many bytes is followed by a new one. */
  readonly segmentBytes: number
  readonly takeLock: TakeLock
  /** The name of the one chain to go on in. Default: the first that is free, else a new one. */
  readonly chain?: string
  /** Called when the first record is written. */
  readonly openSigner: () => NoteSigner
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Told once when the trail cannot be written (`fault`), and once when it can again (`warning`). */
  readonly observer?: Observer
}

/** A trail in one chain of its directory, whose segments can be ended and whose records be covered when that is asked for. */
export interface ChainTrail extends AuditTrail {
  /** Of the chain, absolute; `undefined` before its first record is on its way to the disk. */
  readonly folder: string | undefined
  /** Begins a new segment. Rejects with `AUDIT_UNAVAILABLE`. */
  startSegment(): Promise<void>
  /** Takes an entry. Resolves when a signed checkpoint that covers it is on disk; rejects with `AUDIT_UNAVAILABLE`. */
  seal(entry: AuditEntry): Promise<void>
}

/** So many records, or characters, may wait for a slow disk before calls are refused; twice as many before any is lost. */
const REFUSE_AT = 10_000
const REFUSE_AT_LENGTH = 16 * 1024 * 1024

/**
 * The trail in a folder of chains. What is appended while the batch before is on its way to the disk is linked, written and
 * synchronized as one batch, and all that wait for it wait for one promise. While the disk takes nothing, the first 20,000
 * records are kept and it is tried again, by itself, within five seconds; a `gap` then tells how many were lost.
 */
export function createChainAuditTrail(options: ChainAuditOptions): ChainTrail {
  return new ChainAuditTrail(options)
}

class ChainAuditTrail implements ChainTrail {
  readonly #isStrict: boolean
  readonly #directory: string
  readonly #clock: () => number
  readonly #observe: Observer
  readonly #writer: BatchWriter
  readonly #checkpoints: CheckpointFile
  readonly #forgetExit: () => void
  /** Since when records are lost or nothing can be written. */
  #troubledAt = 0
  #lost = 0
  #lostInAll = 0
  #closed: Promise<void> | undefined

  constructor(options: ChainAuditOptions) {
    const { directory, checkpoints, mode, clock = Date.now, observer = () => undefined } = options
    this.#isStrict = mode === 'strict'
    this.#directory = directory
    this.#clock = clock
    this.#observe = observer
    this.#checkpoints = new CheckpointFile(checkpoints, observer)
    this.#writer = new BatchWriter({
      ...options,
      clock,
      onFailed: (cause) => this.#tellFailed(cause),
      onRecovered: () => this.#tellRecovered(),
      onFound: (message) => observer({ type: 'warning', message }),
      onNote: (note) => this.#checkpoints.append(note),
    })
    this.#forgetExit = writeAtExit(() => this.#writer.writeNow())
  }

  get isWritable(): boolean {
    if (this.#closed !== undefined) return false
    return !this.#isStrict || (!this.#writer.hasFailed && this.#fullness() < 1)
  }

  get lostRecords(): number {
    return this.#lostInAll
  }

  append(entry: AuditEntry): void {
    if (this.#closed !== undefined) {
      this.#observe({ type: 'fault', message: `A record (${entry.event}) came after the audit trail was closed.` })
    } else if (this.#fullness() >= 2) {
      this.#lose()
    } else {
      this.#markGapIfOver()
      this.#writer.add(entry)
    }
  }

  record(entry: AuditEntry): Promise<void> | undefined {
    // Nothing will run, so there is nothing to tell but how the call ended: that record comes.
    if (!this.isWritable && entry.event === 'call.decided') return this.#isStrict ? this.#refuse() : undefined
    const hadRoom = this.isWritable
    this.append(entry)
    if (!this.#isStrict) return undefined
    return hadRoom ? this.#writer.written() : this.#refuse()
  }

  get folder(): string | undefined {
    return this.#writer.folder
  }

  startSegment(): Promise<void> {
    return this.#closed === undefined ? this.#writer.startSegment() : this.#refuse()
  }

  seal(entry: AuditEntry): Promise<void> {
    return this.#closed === undefined ? this.#writer.seal(entry) : this.#refuse()
  }

  flush(): Promise<void> {
    return this.#writer.flush()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#markGapIfOver()
    try {
      await this.#writer.close()
    } catch (cause) {
      const lost = this.#lost + this.#writer.unwritten
      this.#observe({ type: 'fault', message: `The audit trail was closed without ${lost} of its records.`, cause })
    }
    await this.#checkpoints.close()
    this.#forgetExit()
  }

  #refuse(): Promise<never> {
    return Promise.reject(auditUnavailable(this.#directory, undefined))
  }

  /** How much waits: at 1 calls are refused, at 2 records are lost. */
  #fullness(): number {
    return Math.max(this.#writer.unwritten / REFUSE_AT, this.#writer.waitingLength / REFUSE_AT_LENGTH)
  }

  #lose(): void {
    if (this.#lost === 0 && !this.#writer.hasFailed) this.#troubledAt = this.#clock()
    this.#lost += 1
    this.#lostInAll += 1
  }

  /** Where a slow disk alone was the trouble, nobody tells when it ends. */
  #markGapIfOver(): void {
    if (this.#lost > 0 && !this.#writer.hasFailed) this.#markGap()
  }

  #markGap(): void {
    const [time, since, lost] = [isoTime(this.#clock()), new Date(this.#troubledAt).toISOString(), this.#lost]
    this.#lost = 0
    this.#writer.add(toEntry({ time, event: 'gap', reason: 'unwritable', since, lost }))
  }

  #tellFailed(cause: unknown): void {
    if (this.#lost === 0) this.#troubledAt = this.#clock()
    const effect = this.#isStrict ? 'no call is executed until it can' : 'calls go on without a durable record'
    this.#observe({ type: 'fault', message: `The audit trail ${this.#directory} cannot be written; ${effect}.`, cause })
  }

  #tellRecovered(): void {
    const since = new Date(this.#troubledAt).toISOString()
    const lost = this.#lost
    if (lost > 0 || !this.#isStrict) this.#markGap()
    this.#observe({ type: 'warning', message: 'The audit trail can be written again.', details: { since, lost } })
  }
}
