import { basename } from 'node:path'
import { type ChainPosition, readAfter, type TrailLine } from '../read-after.ts'
import { listChains } from '../read-segments.ts'
import { type AuditSink, type SinkFailure, toSinkFailure } from './audit-sink.ts'
import { readCursor, writeCursor } from './sink-cursor.ts'

/** What a feed needs. */
export interface SinkFeedParts {
  readonly sink: AuditSink
  /** The directory of the trail; absolute. */
  readonly directory: string
  /** Where it is kept how far the sink is; absolute. */
  readonly cursorFile: string
  readonly maxBatch: number
  /** Told once when the sink stops taking records, and once when it takes them again. */
  readonly onFailed: (failure: SinkFailure) => void
  readonly onRecovered: (outage: Outage) => void
  /** Resolves after so many milliseconds, or when the signal says so. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** From 0 to 1. */
  readonly random?: () => number
  readonly clock: () => number
}

/** How long a sink took nothing. */
export interface Outage {
  /** Milliseconds since 1970. */
  readonly since: number
  readonly tries: number
}

const POLL_MS = 500
const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 60_000
const MAX_BATCH_LENGTH = 512 * 1024
const LAST_PASS_MS = 3_000

/**
 * Brings the records of a trail to a sink, chain by chain and in order, from where it stood when it last ended. The files are the
 * queue: a piece of about a megabyte is in memory, however far behind the sink is. The cursor moves after the sink took a batch,
 * so that each record arrives at least once.
 */
export class SinkFeed {
  readonly #parts: SinkFeedParts
  readonly #ending = new AbortController()
  readonly #cut = new AbortController()
  readonly #positions = new Map<string, ChainPosition>()
  #running: Promise<void> | undefined
  #outage: Outage | undefined

  constructor(parts: SinkFeedParts) {
    this.#parts = parts
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Hands over what is there by now, for three seconds at most; the rest is for the next start. Idempotent. */
  async close(): Promise<void> {
    this.#ending.abort()
    const timer = setTimeout(() => this.#cut.abort(), LAST_PASS_MS)
    await this.#running
    clearTimeout(timer)
    await this.#parts.sink.close()
  }

  async #run(): Promise<void> {
    try {
      for (const [chain, position] of await readCursor(this.#parts.cursorFile)) this.#positions.set(chain, position)
      for (;;) {
        // Asked before the pass: what came until the feed was told to end is still handed over.
        const isLast = this.#ending.signal.aborted
        const moved = await this.#pass()
        if (isLast) return
        if (!moved) await this.#parts.wait(POLL_MS, this.#ending.signal)
      }
    } catch (thrown) {
      if (!(thrown instanceof Ended)) throw thrown
    }
  }

  /** Answers whether anything was handed over. */
  async #pass(): Promise<boolean> {
    try {
      const folders = await listChains(this.#parts.directory)
      const names = new Set(folders.map((folder) => basename(folder)))
      for (const chain of this.#positions.keys()) if (!names.has(chain)) this.#positions.delete(chain)
      let moved = false
      for (const folder of folders) moved = (await this.#feedChain(folder)) || moved
      return moved
    } catch (thrown) {
      if (thrown instanceof Ended) throw thrown
      // The trail itself cannot be read, or the cursor not be kept.
      await this.#outlast(thrown)
      return false
    }
  }

  async #feedChain(folder: string): Promise<boolean> {
    const chain = basename(folder)
    for (let moved = false; ; moved = true) {
      const { lines, next, isEnd } = await readAfter(folder, this.#positions.get(chain))
      if (isEnd) return moved
      for (const batch of batchesOf(lines, this.#parts.maxBatch)) {
        await this.#deliver(batch)
        const last = batch.at(-1)
        if (last !== undefined) await this.#reach(chain, { segment: last.segment, offset: endOf(last) })
      }
      if (next !== undefined) await this.#reach(chain, next)
    }
  }

  async #reach(chain: string, position: ChainPosition): Promise<void> {
    const known = this.#positions.get(chain)
    if (known?.segment === position.segment && known.offset === position.offset) return
    this.#positions.set(chain, position)
    await writeCursor(this.#parts.cursorFile, this.#positions)
  }

  /** Tries until the sink takes the batch. Throws `Ended` when the feed is to end before. */
  async #deliver(batch: readonly TrailLine[]): Promise<void> {
    for (;;) {
      try {
        await this.#parts.sink.send(batch, this.#cut.signal)
        break
      } catch (thrown) {
        await this.#outlast(thrown)
      }
    }
    if (this.#outage !== undefined) this.#parts.onRecovered(this.#outage)
    this.#outage = undefined
  }

  async #outlast(thrown: unknown): Promise<void> {
    const failure = toSinkFailure(thrown)
    if (this.#cut.signal.aborted) throw new Ended()
    if (this.#outage === undefined) this.#parts.onFailed(failure)
    const { since = this.#parts.clock(), tries = 0 } = this.#outage ?? {}
    this.#outage = { since, tries: tries + 1 }
    if (!this.#ending.signal.aborted) await this.#parts.wait(this.#delay(tries, failure), this.#ending.signal)
    if (this.#ending.signal.aborted) throw new Ended()
  }

  /** Twice as long each time, up to a minute, and never at the same moment as others. */
  #delay(tries: number, { retryAfterMs = 0 }: SinkFailure): number {
    const { random = Math.random } = this.#parts
    const full = Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries, 10), MAX_DELAY_MS)
    return Math.max(full * (0.5 + random() / 2), retryAfterMs)
  }
}

/** The feed was told to end while it waited. */
class Ended extends Error {}

function endOf({ offset, length }: TrailLine): number {
  return offset + length + 1
}

function* batchesOf(lines: readonly TrailLine[], maxBatch: number): Generator<readonly TrailLine[]> {
  let batch: TrailLine[] = []
  let length = 0
  for (const line of lines) {
    if (batch.length >= maxBatch || (batch.length > 0 && length + line.length > MAX_BATCH_LENGTH)) {
      yield batch
      batch = []
      length = 0
    }
    batch.push(line)
    length += line.length
  }
  if (batch.length > 0) yield batch
}
