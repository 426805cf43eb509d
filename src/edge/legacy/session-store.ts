import { randomBytes } from 'node:crypto'
import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import type { Engine } from '../engine.ts'
import { LegacySession, type Opening } from './legacy-session.ts'
import { type FoundSession, SessionKeeper } from './session-keeper.ts'
import { SessionTable } from './session-table.ts'

/** The sessions that this process serves. Each belongs to the principal that opened it. */
export interface SessionStore {
  /** Rejects with `TOO_MANY_SESSIONS` when all places are taken by others. */
  open(principal: Principal, opening: Opening): Promise<LegacySession>
  /**
   * Answers at once for a session that is served here, and goes on with one that another process opened. Refuses with
   * `SESSION_NOT_FOUND` when it is unknown, has ended, or belongs to somebody else: one answer for all.
   */
  find(id: string, principal: Principal): LegacySession | Promise<LegacySession>
  /** Ends it for every process. */
  end(session: LegacySession): Promise<void>
  /** Lets go of those that were idle too long, and tells other processes which were used. Never rejects. */
  sweep(): Promise<void>
  /** Lets go of all of them; other processes may go on with them. */
  close(): void
  readonly size: number
}

const SWEEP_MS = 30_000
const ID = /^[\w-]{43}$/

/** Lets go of idle sessions every half minute. A principal at its limit loses the session that it used longest ago. */
export function createSessionStore(engine: Engine): SessionStore {
  return new ServedSessions(engine)
}

class ServedSessions implements SessionStore {
  readonly #engine: Engine
  readonly #table: SessionTable
  readonly #keeper: SessionKeeper
  readonly #timer: NodeJS.Timeout
  readonly #touchAfterMs: number

  constructor(engine: Engine) {
    const { sessions } = engine.options
    this.#engine = engine
    this.#table = new SessionTable(sessions)
    this.#keeper = new SessionKeeper(engine, this.#table)
    this.#touchAfterMs = sessions.idleMs / 2
    this.#timer = setInterval(() => void this.sweep(), Math.min(SWEEP_MS, this.#touchAfterMs)).unref()
  }

  get size(): number {
    return this.#table.size
  }

  async open(principal: Principal, opening: Opening): Promise<LegacySession> {
    // 256 bits: nobody guesses it, and it is good for its own principal alone.
    const session = this.#make(randomBytes(32).toString('base64url'), principal, { opening })
    const evicted = this.#add(session)
    try {
      await this.#keeper.add(session)
      if (evicted !== undefined) await this.#engine.sessionRecords.remove(evicted.id)
      return session
    } catch (thrown) {
      this.#letGo(session)
      throw thrown
    }
  }

  find(id: string, principal: Principal): LegacySession | Promise<LegacySession> {
    const session = this.#table.get(id)
    return session === undefined ? this.#rebuild(id, principal) : this.#use(session, principal)
  }

  async end(session: LegacySession): Promise<void> {
    this.#letGo(session)
    await this.#engine.sessionRecords.remove(session.id)
  }

  sweep(): Promise<void> {
    return this.#keeper.sweep()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#keeper.close()
    for (const session of this.#table.all()) this.#letGo(session)
  }

  #use(session: LegacySession, principal: Principal): LegacySession {
    if (session.principal.id !== principal.id) throw notFound()
    const now = this.#engine.guards.clock()
    session.principal = principal
    this.#table.use(session, now)
    // The sweep tells of most uses; one after a long pause must not come too late.
    if (now - session.touchedAt > this.#touchAfterMs) void this.#keeper.touch(session)
    return session
  }

  async #rebuild(id: string, principal: Principal): Promise<LegacySession> {
    const record = ID.test(id) ? await this.#keeper.find(id, principal.id) : undefined
    if (record === undefined) throw notFound()
    // Two requests of one session may come here at once.
    const known = this.#table.get(id)
    if (known !== undefined) return this.#use(known, principal)
    const session = this.#make(id, principal, record)
    this.#add(session)
    void this.#keeper.touch(session)
    return session
  }

  #make(id: string, principal: Principal, recorded: Partial<FoundSession> & { opening: Opening }): LegacySession {
    return new LegacySession(this.#engine, { id, principal, transport: 'http', ...recorded, keep: this.#keeper.change })
  }

  /** Gives the session that had to make room. It is let go of here. */
  #add(session: LegacySession): LegacySession | undefined {
    const evicted = this.#table.makeRoom(session.principal.id)
    evicted?.end()
    this.#table.add(session)
    return evicted
  }

  #letGo(session: LegacySession): void {
    this.#table.remove(session)
    session.end()
  }
}

function notFound(): ToolgateError {
  return new ToolgateError({
    code: 'SESSION_NOT_FOUND',
    message: 'The session is unknown or has ended.',
    hint: 'Send `initialize` again.',
  })
}
