import { fsync, write, writeSync } from 'node:fs'
import { ToolgateError } from '../errors.ts'
import { openTrailFile, type TrailFile } from './trail-file.ts'

/** What an appender needs and whom it tells. */
export interface LineAppenderOptions {
  /** Absolute. */
  readonly file: string
  readonly clock: () => number
  /** The file cannot be opened or written; it is tried again until it can. */
  readonly onFailed: (cause: unknown) => void
  /** It can be again. Lines added now stand right after those that had to wait. */
  readonly onRecovered: () => void
}

interface Batch {
  readonly bytes: Buffer
  readonly lines: number
  /** How much of it the file has. */
  offset: number
}

interface Waiter {
  readonly target: number
  readonly resolve: () => void
  readonly reject: (reason: ToolgateError) => void
}

const BATCH_MS = 5
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000
const LOOK_AGAIN_MS = 1_000
const NEWLINE = 0x0a
/** With these the file itself is well, and what it took stays in it. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EAGAIN'])

/**
 * Appends lines to a file, whole and in order. They are collected for five milliseconds and written in one go by a thread of
 * the pool. What a full disk takes only a part of is continued when there is room; a line that somebody else has cut, by
 * dying, is ended first. A file that was moved away is left within a second for a new one under the old name.
 */
export class LineAppender {
  readonly #options: LineAppenderOptions
  #file: TrailFile | undefined
  #lookedAt = 0
  #waiting = ''
  #waitingLines = 0
  #batch: Batch | undefined
  #isWriting = false
  #timer: NodeJS.Timeout | undefined
  #retryMs = 0
  #added = 0
  #written = 0
  #waiters: Waiter[] = []

  constructor(options: LineAppenderOptions) {
    this.#options = options
  }

  get hasFailed(): boolean {
    return this.#retryMs > 0
  }

  /** Lines that are not yet on their way. */
  get waitingLines(): number {
    return this.#waitingLines
  }

  /** The characters in them. */
  get waitingLength(): number {
    return this.#waiting.length
  }

  /** Lines that the file does not have yet. */
  get unwrittenLines(): number {
    return this.#added - this.#written
  }

  /** Takes a line with its end. Never throws. */
  add(line: string): void {
    this.#waiting += line
    this.#waitingLines += 1
    this.#added += 1
    if (!this.#isWriting && this.#timer === undefined) this.#schedule(BATCH_MS)
  }

  /** Opens the file if it is not; answers whether it is open then. */
  open(): boolean {
    if (this.#file !== undefined) return true
    try {
      this.#file = openTrailFile(this.#options.file)
      this.#lookedAt = this.#options.clock()
      this.#resume(this.#file)
      return true
    } catch (cause) {
      this.#fail(cause)
      return false
    }
  }

  /** Resolves when everything added so far is on disk; rejects with `AUDIT_UNAVAILABLE` when it cannot be now. */
  async flush(): Promise<void> {
    if (this.unwrittenLines > 0 || this.hasFailed) {
      await new Promise<void>((resolve, reject) => {
        this.#waiters.push({ target: this.#added, resolve, reject })
        this.#attempt()
      })
    }
    if (this.#file === undefined) return
    const cause = await synchronize(this.#file.descriptor)
    if (cause === undefined) return
    this.#fail(cause)
    throw unavailable(this.#options.file, cause)
  }

  /** Lets go of the file. What is not written is lost: flush first. */
  close(): void {
    clearTimeout(this.#timer)
    this.#file?.close()
    this.#file = undefined
  }

  /** For the end of the process: writes what waits without returning before, as far as the file takes it. */
  writeNow(): void {
    // A batch that a thread is writing is finished by it before the process is gone.
    if (this.#isWriting) this.#batch = undefined
    if ((this.#batch === undefined && this.#waiting === '') || !this.open() || this.#file === undefined) return
    try {
      for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
        batch.offset += writeSync(this.#file.descriptor, batch.bytes, batch.offset)
        if (batch.offset === batch.bytes.length) this.#batch = undefined
      }
    } catch {
      // There is no later moment to try again at, and nobody left to tell.
    }
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => this.#attempt(), delayMs)
    // A process that only waits for room on the disk may end.
    if (this.hasFailed) this.#timer.unref()
  }

  #attempt(): void {
    if (this.#isWriting) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#leaveIfMoved()
    if (!this.open()) return
    const batch = this.#next()
    if (batch === undefined) this.#succeed()
    else this.#write(batch)
  }

  #leaveIfMoved(): void {
    const now = this.#options.clock()
    if (this.#file === undefined || Math.abs(now - this.#lookedAt) < LOOK_AGAIN_MS) return
    this.#lookedAt = now
    if (this.#file.isCurrent()) return
    this.close()
  }

  /** What must come first in a file just opened: the end of a line that was cut, and all of one that we were in. */
  #resume({ endsInside }: TrailFile): void {
    if (this.#batch === undefined && !endsInside) return
    const { bytes = Buffer.alloc(0), lines = 0, offset = 0 } = this.#batch ?? {}
    const lineStart = offset === 0 ? 0 : bytes.lastIndexOf(NEWLINE, offset - 1) + 1
    const end = endsInside ? [Buffer.of(NEWLINE)] : []
    this.#batch = { bytes: Buffer.concat([...end, bytes.subarray(lineStart)]), lines, offset: 0 }
  }

  #next(): Batch | undefined {
    if (this.#batch === undefined && this.#waiting !== '') {
      this.#batch = { bytes: Buffer.from(this.#waiting), lines: this.#waitingLines, offset: 0 }
      this.#waiting = ''
      this.#waitingLines = 0
    }
    return this.#batch
  }

  #write(batch: Batch): void {
    if (this.#file === undefined) return
    this.#isWriting = true
    write(this.#file.descriptor, batch.bytes, batch.offset, (cause, written) => {
      this.#isWriting = false
      batch.offset += written ?? 0
      if (cause !== null || written === 0) this.#fail(cause ?? new Error('The file takes no more.'))
      else if (batch.offset < batch.bytes.length) this.#write(batch)
      else this.#finish(batch)
    })
  }

  #finish(batch: Batch): void {
    this.#batch = undefined
    this.#written += batch.lines
    this.#succeed()
  }

  #succeed(): void {
    if (this.hasFailed) {
      this.#retryMs = 0
      this.#options.onRecovered()
    }
    const done = this.#waiters.filter(({ target }) => target <= this.#written)
    this.#waiters = this.#waiters.filter(({ target }) => target > this.#written)
    for (const { resolve } of done) resolve()
    if (this.#waiters.length > 0) this.#attempt()
    else if (this.#waiting !== '' && this.#timer === undefined) this.#schedule(BATCH_MS)
  }

  #fail(cause: unknown): void {
    if (!NO_ROOM.has((cause as NodeJS.ErrnoException).code ?? '')) {
      this.#file?.close()
      this.#file = undefined
    }
    const isNews = !this.hasFailed
    this.#retryMs = isNews ? FIRST_RETRY_MS : Math.min(this.#retryMs * 2, LAST_RETRY_MS)
    clearTimeout(this.#timer)
    this.#schedule(this.#retryMs)
    if (isNews) this.#options.onFailed(cause)
    const error = unavailable(this.#options.file, cause)
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }
}

function unavailable(file: string, cause: unknown): ToolgateError {
  return new ToolgateError({
    code: 'AUDIT_UNAVAILABLE',
    message: `The audit trail ${file} cannot be written.`,
    hint: 'Make room on its disk, or let the user that runs Toolgate write it; it is tried again by itself.',
    cause,
  })
}

/** Answers what went wrong; pipes and devices have nothing to synchronize. */
function synchronize(descriptor: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    fsync(descriptor, (cause) => {
      resolve(cause === null || cause.code === 'EINVAL' || cause.code === 'ENOTSUP' ? undefined : cause)
    })
  })
}
