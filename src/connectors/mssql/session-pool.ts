import { raceAbort } from '../race-abort.ts'
import type { ExecuteOptions } from '../sql/database.ts'
import { LanePool } from '../sql/lane-pool.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import type { MssqlSession } from './open-session.ts'
import type { PoolSettings } from './settings.ts'

/** Sessions that are lent to one caller at a time, who finds nothing of another in them. */
export class SessionPool {
  readonly #sessions: LanePool<MssqlSession>
  readonly #acquireMs: number
  readonly #closing = new AbortController()

  constructor(open: (signal: AbortSignal) => Promise<MssqlSession>, settings: PoolSettings) {
    this.#acquireMs = settings.acquireMs
    this.#sessions = new LanePool({
      ...settings,
      open: async () => {
        const session = await open(this.#closing.signal)
        void session.ended.then(() => this.#sessions.drop(session))
        return session
      },
      async close(session) {
        session.close()
        await session.ended
      },
    })
  }

  /**
   * Lends a session to `work`; it is made like new behind it, and only then lent again. Rejects as `work` does, with a
   * `SqlFailure` when none gets free in time, or with the reason of the signal.
   */
  async lend<T>(
    lane: ExecuteOptions['lane'],
    signal: AbortSignal,
    work: (session: MssqlSession) => Promise<T>,
  ): Promise<T> {
    const session = await this.#acquire(lane, signal)
    try {
      return await work(session)
    } finally {
      // Not awaited: the caller has his answer, and the next one waits for it.
      void this.#takeBack(session)
    }
  }

  /** Ends all sessions, also those that are lent. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sessions.close()
  }

  async #acquire(lane: ExecuteOptions['lane'], signal: AbortSignal): Promise<MssqlSession> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(this.#acquireMs)])
    const acquired = this.#sessions.acquire(lane, patience)
    try {
      return await raceAbort(acquired, patience, () => patience.reason)
    } catch (failure) {
      // One that is being opened while the caller leaves is there for the next.
      acquired.then(
        (session) => this.#sessions.release(session),
        () => {},
      )
      if (signal.aborted || !patience.aborted) throw failure
      const text = 'All sessions of the database are busy'
      throw new SqlFailure({ kind: 'unavailable', state: 'busy', text, isTextSafe: true })
    }
  }

  async #takeBack(session: MssqlSession): Promise<void> {
    try {
      if (!session.isBroken) await session.reset()
    } catch {
      // A session that cannot be made like new is never lent again; the next caller gets a fresh one.
      session.close()
    }
    if (session.isBroken) this.#sessions.drop(session)
    else this.#sessions.release(session)
  }
}
