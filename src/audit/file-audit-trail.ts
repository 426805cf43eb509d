import process from 'node:process'
import type { Observer } from '../observe/observation.ts'
import { toAuditLine } from './audit-line.ts'
import type { AuditRecord, AuditTrail } from './audit-trail.ts'
import { LineAppender } from './line-appender.ts'

/** Where the trail goes, and what is done when it cannot. */
export interface FileAuditOptions {
  /** Absolute. Made, for its owner alone, when `isWritable` or `append` is first asked. */
  readonly file: string
  /** `refuse`: `isWritable` is false while nothing can be written. `continue`: it stays true. */
  readonly onFailure: 'refuse' | 'continue'
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Told once when the trail cannot be written (`fault`), and once when it can again (`warning`). */
  readonly observer?: Observer
}

/** So many records, or characters, may wait for a slow disk before calls are refused; twice as many before any is lost. */
const REFUSE_AT = 10_000
const REFUSE_AT_LENGTH = 16 * 1024 * 1024

/**
 * Appends one line of JSON a record to a file. While the disk is full, or the file cannot be opened, the first 20,000 records
 * are kept and the trail is tried again, by itself, within five seconds; a line of type `gap` then tells how many were lost.
 * Every whole line is a record or a gap; a cut one was left by a crash. What waits when the process exits is written.
 */
export function createFileAuditTrail(options: FileAuditOptions): AuditTrail {
  return new FileAuditTrail(options)
}

class FileAuditTrail implements AuditTrail {
  readonly #onFailure: 'refuse' | 'continue'
  readonly #clock: () => number
  readonly #observe: Observer
  readonly #appender: LineAppender
  /** Since when records are lost or the file cannot be written. */
  #troubledAt = 0
  #lost = 0
  #closed: Promise<void> | undefined

  constructor({ file, onFailure, clock = Date.now, observer = () => undefined }: FileAuditOptions) {
    this.#onFailure = onFailure
    this.#clock = clock
    this.#observe = observer
    this.#appender = new LineAppender({
      file,
      clock,
      onFailed: (cause) => this.#tellFailed(file, cause),
      onRecovered: () => this.#tellRecovered(),
    })
    writeAtExit(this)
  }

  get isWritable(): boolean {
    if (this.#closed !== undefined) return false
    if (!this.#appender.hasFailed) this.#appender.open()
    return this.#onFailure === 'continue' || this.#isWell()
  }

  append(record: AuditRecord): void {
    if (this.#closed !== undefined) {
      this.#observe({ type: 'fault', message: `A call (${record.callId}) ended after the audit trail was closed.` })
    } else if (this.#fullness() >= 2) {
      this.#lose()
    } else {
      this.#markGapIfOver()
      this.#appender.add(toAuditLine(record))
    }
  }

  flush(): Promise<void> {
    return this.#appender.flush()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Writes what waits before the process is gone. */
  writeNow(): void {
    this.#appender.writeNow()
  }

  async #close(): Promise<void> {
    this.#markGapIfOver()
    try {
      await this.#appender.flush()
      // The line that tells of a gap comes after what the first was to wait for.
      if (this.#appender.unwrittenLines > 0) await this.#appender.flush()
    } catch (cause) {
      const lost = this.#lost + this.#appender.unwrittenLines
      this.#observe({ type: 'fault', message: `The audit trail was closed without ${lost} of its records.`, cause })
    }
    this.#appender.close()
    openTrails.delete(this)
  }

  #isWell(): boolean {
    return !this.#appender.hasFailed && this.#fullness() < 1
  }

  /** How much waits: at 1 calls are refused, at 2 records are lost. */
  #fullness(): number {
    return Math.max(this.#appender.waitingLines / REFUSE_AT, this.#appender.waitingLength / REFUSE_AT_LENGTH)
  }

  #lose(): void {
    if (this.#lost === 0 && !this.#appender.hasFailed) this.#troubledAt = this.#clock()
    this.#lost += 1
  }

  /** Where a slow disk alone was the trouble, nobody tells when it ends. */
  #markGapIfOver(): void {
    if (this.#lost > 0 && !this.#appender.hasFailed) this.#markGap()
  }

  #markGap(): void {
    const [time, since, lost] = [toIso(this.#clock()), toIso(this.#troubledAt), this.#lost]
    this.#lost = 0
    this.#appender.add(toAuditLine({ type: 'gap', time, since, lost }))
  }

  #tellFailed(file: string, cause: unknown): void {
    if (this.#lost === 0) this.#troubledAt = this.#clock()
    const effect = this.#onFailure === 'refuse' ? 'no call is executed until it can' : 'calls go on without a record'
    this.#observe({ type: 'fault', message: `The audit trail ${file} cannot be written; ${effect}.`, cause })
  }

  #tellRecovered(): void {
    const since = toIso(this.#troubledAt)
    const lost = this.#lost
    if (lost > 0 || this.#onFailure === 'continue') this.#markGap()
    this.#observe({ type: 'warning', message: 'The audit trail can be written again.', details: { since, lost } })
  }
}

function toIso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

const openTrails = new Set<FileAuditTrail>()
let isListening = false

/** One listener for all of them, however many are opened and closed. */
function writeAtExit(trail: FileAuditTrail): void {
  openTrails.add(trail)
  if (isListening) return
  isListening = true
  process.once('exit', () => {
    for (const each of openTrails) each.writeNow()
  })
}
