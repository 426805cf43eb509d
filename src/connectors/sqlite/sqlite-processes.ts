import type { ExecuteOptions } from '../sql/database.ts'
import { LanePool } from '../sql/lane-pool.ts'
import { SqliteChild } from './sqlite-child.ts'
import type { SqliteAnswer, SqliteRequest } from './sqlite-request.ts'

/** How a request is to be answered. */
export interface Asking extends Pick<ExecuteOptions, 'lane' | 'signal'> {
  readonly timeoutMs: number
}

/** SQLITE_READONLY: also what a reader is told of a file whose last write was cut short. */
const READONLY = 8
const IDLE_MS = 300_000

/** The processes that have one file open: several that read, and one that writes. */
export class SqliteProcesses {
  readonly #reading: LanePool<SqliteChild>
  readonly #writing: LanePool<SqliteChild>

  constructor(path: string, readers: number) {
    this.#reading = createPool(path, { isWriter: false, max: readers, reserved: 1 })
    this.#writing = createPool(path, { isWriter: true, max: 1, reserved: 0 })
  }

  async ask(request: SqliteRequest, asking: Asking): Promise<SqliteAnswer> {
    const answer = await this.#askOne(request.isWrite ? this.#writing : this.#reading, request, asking)
    if (request.isWrite || !('failed' in answer) || answer.failed !== READONLY) return answer
    await this.#recover(asking)
    return this.#askOne(this.#reading, request, asking)
  }

  async close(): Promise<void> {
    await Promise.all([this.#reading.close(), this.#writing.close()])
  }

  /** A write that was cut short is rolled back by whoever opens the file for writing next; who only reads cannot. */
  async #recover(asking: Asking): Promise<void> {
    const look = {
      text: 'SELECT count(*) FROM sqlite_schema',
      parameters: [],
      isWrite: false,
      maxRows: 1,
      maxBytes: 100,
    }
    await this.#askOne(this.#writing, look, { ...asking, lane: 'ordinary' })
  }

  async #askOne(pool: LanePool<SqliteChild>, request: SqliteRequest, asking: Asking): Promise<SqliteAnswer> {
    const child = await pool.acquire(asking.lane, asking.signal)
    try {
      return await child.ask(request, asking)
    } finally {
      if (child.isAlive) pool.release(child)
      else pool.drop(child)
    }
  }
}

interface PoolShape {
  readonly isWriter: boolean
  readonly max: number
  readonly reserved: number
}

function createPool(path: string, { isWriter, max, reserved }: PoolShape): LanePool<SqliteChild> {
  return new LanePool({
    max,
    reserved,
    idleMs: IDLE_MS,
    open: async () => new SqliteChild({ path, isWriter }),
    close: async (child) => child.kill(),
  })
}
