import { setImmediate } from 'node:timers/promises'
import { type ChainLine, listSegments, readLines } from '../read-segments.ts'
import type { NoteKey } from '../signed-note.ts'
import { readHead, type SegmentHead } from './segment-head.ts'

/** What a trail's own time is read from. */
export interface TrailClockOptions {
  /** Folders of the chains. */
  readonly chains: readonly string[]
  readonly key: NoteKey
  /** Milliseconds since 1970. */
  readonly now: number
  /** The shortest time that any record is kept; milliseconds. */
  readonly shortestMs: number
}

const CHECKPOINT = /^\{"v":1,"seq":\d{1,16},"time":"([^"\\]{1,30})","event":"checkpoint"/
const WEEK_MS = 604_800_000

/**
 * How much time has passed as the checkpoints of a trail saw it. A step between two of them, or from the last of them to now,
 * counts for a week at most, and for a tenth of the shortest limit at most: a clock that is set years ahead then makes no
 * record much older. A step back counts for nothing. Checkpoints alone are looked at: they have the time at which they were
 * written.
 */
export class TrailClock {
  readonly #options: TrailClockOptions
  readonly #mostMs: number
  readonly #heads = new Map<string, readonly SegmentHead[]>()

  constructor(options: TrailClockOptions) {
    this.#options = options
    this.#mostMs = Math.min(WEEK_MS, options.shortestMs / 10)
  }

  /** Whether so much has passed since a time (milliseconds since 1970), in any of the chains. */
  async hasPassed(since: number, limitMs: number): Promise<boolean> {
    for (const folder of this.#options.chains) {
      if ((await this.#elapsed(folder, since, limitMs)) >= limitMs) return true
    }
    return false
  }

  async #elapsed(folder: string, since: number, enoughMs: number): Promise<number> {
    let last = since
    let elapsedMs = 0
    const reach = (time: number): void => {
      if (!(time >= since)) return
      elapsedMs += Math.min(this.#mostMs, Math.max(0, time - last))
      last = time
    }
    const heads = await this.#headsOf(folder)
    for (const [at, head] of heads.entries()) {
      if (elapsedMs >= enoughMs) return elapsedMs
      const end = heads[at + 1]?.time ?? this.#options.now
      if (end < since) continue
      reach(head.time)
      // Looked at more closely only where it took longer than one step may.
      if (end - last > this.#mostMs) for await (const time of checkpointTimes(folder, head.segment)) reach(time)
    }
    reach(this.#options.now)
    return elapsedMs
  }

  async #headsOf(folder: string): Promise<readonly SegmentHead[]> {
    const known = this.#heads.get(folder)
    if (known !== undefined) return known
    const heads: SegmentHead[] = []
    for (const segment of await listSegments(folder)) {
      const head = await readHead(folder, segment, this.#options.key)
      if (head !== undefined) heads.push(head)
    }
    this.#heads.set(folder, heads)
    return heads
  }
}

async function* checkpointTimes(folder: string, segment: string): AsyncGenerator<number> {
  for await (const lines of readLines(folder, segment)) {
    for (const line of lines) {
      const time = checkpointTime(line)
      if (!Number.isNaN(time)) yield time
    }
    await setImmediate()
  }
}

function checkpointTime(line: ChainLine): number {
  return Date.parse(CHECKPOINT.exec(line.bytes.toString('latin1', 0, 120))?.[1] ?? '')
}
