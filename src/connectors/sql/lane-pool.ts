import { ToolgateError } from '../../errors.ts'
import type { ExecuteOptions } from './database.ts'

/** Opens and closes what a pool holds. */
export interface PoolOptions<T> {
  readonly max: number
  /** Places that ordinary statements never take. */
  readonly reserved: number
  /** Milliseconds after which one that nobody uses is closed. */
  readonly idleMs: number
  readonly open: () => Promise<T>
  readonly close: (item: T) => Promise<void>
}

type Lane = ExecuteOptions['lane']

interface Waiting<T> {
  readonly lane: Lane
  readonly take: (item: Promise<T>) => void
}

/**
 * Sessions to be used one after the other. Ordinary statements take at most `max - reserved` of them, cheap ones all, so a
 * cheap one never waits for a slow one. One whose state is in doubt is dropped and opened anew when it is needed.
 */
export class LanePool<T extends object> {
  readonly #options: PoolOptions<T>
  readonly #idle: { readonly item: T; readonly timer: NodeJS.Timeout }[] = []
  readonly #lanes = new Map<T, Lane>()
  #waiting: Waiting<T>[] = []
  #open = 0
  #ordinary = 0
  #isClosed = false

  constructor(options: PoolOptions<T>) {
    this.#options = options
  }

  /** A session; rejects with what opening it said, or with the signal's reason. */
  async acquire(lane: Lane, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#isClosed) throw closed()
    if (this.#hasPlace(lane)) return this.#begin(lane)
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting<T> = {
        lane,
        take(item) {
          signal.removeEventListener('abort', leave)
          item.then(resolve, reject)
        },
      }
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(waiting)
    })
  }

  /** Gives one back that is as it was when it was opened. */
  release(item: T): void {
    this.#leave(item)
    if (this.#isClosed) {
      this.#discard(item)
      return
    }
    const timer = setTimeout(() => this.drop(item), this.#options.idleMs).unref()
    this.#idle.push({ item, timer })
    this.#serveNext()
  }

  /** Closes one that must not be used again; also one that nobody uses and that broke. */
  drop(item: T): void {
    const at = this.#idle.findIndex((entry) => entry.item === item)
    if (at < 0 && !this.#lanes.has(item)) return
    if (at >= 0) clearTimeout(this.#idle.splice(at, 1)[0]?.timer)
    this.#leave(item)
    this.#discard(item)
    this.#serveNext()
  }

  /** Closes all of them, also those in use. Who waits is told. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiting of this.#waiting.splice(0)) waiting.take(Promise.reject(closed()))
    const items = [...this.#idle.map(({ item }) => item), ...this.#lanes.keys()]
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer)
    await Promise.allSettled(items.map((item) => this.#options.close(item)))
  }

  #hasPlace(lane: Lane): boolean {
    const { max, reserved } = this.#options
    const isFree = this.#idle.length > 0 || this.#open < max
    return isFree && (lane === 'cheap' || this.#ordinary < max - reserved)
  }

  async #begin(lane: Lane): Promise<T> {
    if (lane === 'ordinary') this.#ordinary++
    const idle = this.#idle.pop()
    if (idle !== undefined) {
      clearTimeout(idle.timer)
      this.#lanes.set(idle.item, lane)
      return idle.item
    }
    this.#open++
    try {
      const item = await this.#options.open()
      this.#lanes.set(item, lane)
      if (this.#isClosed) {
        this.drop(item)
        throw closed()
      }
      return item
    } catch (thrown) {
      if (lane === 'ordinary') this.#ordinary--
      this.#open--
      this.#serveNext()
      throw thrown
    }
  }

  #leave(item: T): void {
    if (this.#lanes.get(item) === 'ordinary') this.#ordinary--
    this.#lanes.delete(item)
  }

  #discard(item: T): void {
    this.#open--
    // It is gone for the pool whatever closing it says.
    this.#options.close(item).catch(() => {})
  }

  #serveNext(): void {
    const at = this.#waiting.findIndex(({ lane }) => this.#hasPlace(lane))
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1)
    next?.take(this.#begin(next.lane))
  }
}

function closed(): ToolgateError {
  return new ToolgateError({ code: 'CONNECTOR_UNAVAILABLE', message: 'The connector is being closed.' })
}
