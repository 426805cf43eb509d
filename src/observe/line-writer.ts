import { write, writeSync } from 'node:fs'
import process from 'node:process'

/** Writes lines to a file descriptor without waiting for it. */
export interface LineWriter {
  /** Takes a line without its end. Never throws and never blocks. */
  write(line: string): void
}

const BATCH_MS = 5
const RETRY_MS = 20
const MAX_WAITING = 4 * 1024 * 1024
const MAX_EXIT_TRIES = 50

/**
 * Lines are collected for five milliseconds and written in one go by a thread of the pool, so a reader that does not read
 * (a client that started this process and ignores its stderr) never stops the server: what piles up beyond four million
 * characters is dropped and counted. Whatever waits when the process exits, by itself, by `process.exit` or by an error
 * that nobody caught, is written before it does.
 */
export function lineWriterTo(descriptor: number): LineWriter {
  const known = writers.get(descriptor)
  if (known !== undefined) return known
  const writer = new BatchWriter(descriptor)
  process.once('exit', () => writer.writeNow())
  writers.set(descriptor, writer)
  return writer
}

/** One for each descriptor, which is the process's own: two of them would mix their lines up. */
const writers = new Map<number, LineWriter>()

class BatchWriter implements LineWriter {
  readonly #descriptor: number
  #waiting = ''
  /** Being written, or taken in part only. */
  #batch: Buffer | undefined
  #isWriting = false
  #isScheduled = false
  #dropped = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(line: string): void {
    if (this.#waiting.length + (this.#batch?.length ?? 0) > MAX_WAITING) {
      this.#dropped += 1
      return
    }
    this.#waiting += `${line}\n`
    this.#schedule(BATCH_MS)
  }

  /** For the end of the process: everything that waits, as far as the descriptor takes it within half a second. */
  writeNow(): void {
    // A batch that a thread is writing is finished by it before the process is gone.
    if (this.#isWriting) this.#batch = undefined
    let tries = 0
    for (let rest = this.#next(); rest !== undefined && tries < MAX_EXIT_TRIES; rest = this.#next()) {
      try {
        this.#batch = rest.subarray(writeSync(this.#descriptor, rest))
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') return
        tries += 1
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      }
    }
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled || this.#isWriting) return
    this.#isScheduled = true
    setTimeout(() => {
      this.#isScheduled = false
      this.#start()
    }, delayMs)
  }

  #start(): void {
    const batch = this.#next()
    if (batch === undefined) return
    this.#isWriting = true
    write(this.#descriptor, batch, (cause, written) => {
      this.#isWriting = false
      const isBusy = cause?.code === 'EAGAIN'
      // A reader that is gone will not come back: what it missed is lost, what comes later is tried anew.
      this.#batch = cause === null || isBusy ? batch.subarray(written) : undefined
      if (this.#hasMore()) this.#schedule(isBusy ? RETRY_MS : BATCH_MS)
    })
  }

  #hasMore(): boolean {
    return this.#waiting !== '' || this.#dropped > 0 || (this.#batch?.length ?? 0) > 0
  }

  #next(): Buffer | undefined {
    if (!this.#hasMore()) return undefined
    if (this.#batch === undefined || this.#batch.length === 0) {
      if (this.#dropped > 0) this.#waiting += `${tellDropped(this.#dropped)}\n`
      this.#batch = Buffer.from(this.#waiting)
      this.#waiting = ''
      this.#dropped = 0
    }
    return this.#batch
  }
}

function tellDropped(lines: number): string {
  return JSON.stringify({ level: 'warn', time: new Date().toISOString(), lines, msg: 'Log lines were dropped' })
}
