import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from './session.ts'
import { isLost, toSqlFailure } from './to-sql-failure.ts'

/** Milliseconds a server has for stopping what it was told to stop; then the session is given up. */
const STOP_MS = 200

/** Stops what sessions do, by a session of its own that is opened when it is first needed. */
export class SessionStopper {
  readonly #open: () => Promise<Session>
  #control: Promise<Session> | undefined

  constructor(open: () => Promise<Session>) {
    this.#open = open
  }

  /** Asks the server to stop what a session does. What does not stop is cut off, and ended by `KILL`. */
  async stop(session: Session): Promise<void> {
    const idle = new AbortController()
    const isDone = await Promise.race([
      this.#kill(`KILL QUERY ${session.id}`).then(() => answers(session)),
      delay(STOP_MS, false, { signal: idle.signal }),
    ])
    idle.abort()
    if (isDone && !session.isEnded()) return
    session.destroy()
    await Promise.race([this.#kill(`KILL ${session.id}`), delay(STOP_MS)])
  }

  async close(): Promise<void> {
    const control = await this.#control?.catch(() => undefined)
    control?.destroy()
  }

  async #kill(text: string): Promise<void> {
    try {
      const known = await this.#control
      this.#control = known === undefined || known.isEnded() ? this.#open() : this.#control
      await (await this.#control)?.ask(text)
    } catch (thrown) {
      // 1094: what was to be stopped has ended.
      if (isLost(toSqlFailure(thrown))) this.#control = undefined
    }
  }
}

/** Whether a session has come to an end with what it was doing. */
async function answers({ ask }: Session): Promise<boolean> {
  return ask('DO 0').then(
    () => true,
    () => true,
  )
}

/** Stops at most once, and knows when that has been done. */
export class Stopping {
  readonly #stop: () => Promise<void>
  #stopped: Promise<void> | undefined

  constructor(stop: () => Promise<void>) {
    this.#stop = stop
  }

  stop(): void {
    this.#stopped ??= this.#stop()
  }

  hasBegun(): boolean {
    return this.#stopped !== undefined
  }

  async ended(): Promise<void> {
    await this.#stopped
  }
}
