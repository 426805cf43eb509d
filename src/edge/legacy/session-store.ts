import { randomBytes } from 'node:crypto'
import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import type { Engine } from '../engine.ts'
import { LegacySession, type Opening } from './legacy-session.ts'

/** The sessions of one process. Each belongs to the principal that opened it. */
export interface SessionStore {
  /** Throws `TOO_MANY_SESSIONS` when all places are taken by others. */
  open(principal: Principal, opening: Opening): LegacySession
  /** Throws `SESSION_NOT_FOUND` when it is unknown, has ended, or belongs to somebody else: one answer for all. */
  find(id: string, principal: Principal): LegacySession
  end(session: LegacySession): void
  /** Ends those that were idle too long. */
  sweep(): void
  close(): void
  readonly size: number
}

const SWEEP_MS = 30_000

/** Ends idle sessions every half minute. A principal at its limit loses the session that it used longest ago. */
export function createSessionStore(engine: Engine): SessionStore {
  const sessions = new Map<string, LegacySession>()
  const { options } = engine
  const { clock } = engine.guards
  const end = (session: LegacySession): void => {
    sessions.delete(session.id)
    session.end()
  }
  const sweep = (): void => {
    const idleSince = clock() - options.sessions.idleMs
    for (const session of [...sessions.values()]) {
      if (session.lastSeenAt <= idleSince && !session.isBusy) end(session)
    }
  }
  const timer = setInterval(sweep, Math.min(SWEEP_MS, options.sessions.idleMs)).unref()
  return {
    open(principal, opening) {
      makeRoom(sessions, principal, options.sessions, end)
      // 256 bits: nobody guesses it, and it is good for its own principal alone.
      const id = randomBytes(32).toString('base64url')
      const session = new LegacySession(engine, id, principal, opening)
      sessions.set(id, session)
      return session
    },
    find(id, principal) {
      const session = sessions.get(id)
      if (session === undefined || session.principal.id !== principal.id) throw notFound()
      session.lastSeenAt = clock()
      return session
    },
    end,
    sweep,
    close() {
      clearInterval(timer)
      for (const session of [...sessions.values()]) end(session)
    },
    get size() {
      return sessions.size
    },
  }
}

function makeRoom(
  sessions: ReadonlyMap<string, LegacySession>,
  principal: Principal,
  limits: { readonly max: number; readonly maxPerPrincipal: number },
  end: (session: LegacySession) => void,
): void {
  const own = [...sessions.values()].filter((session) => session.principal.id === principal.id)
  if (own.length < limits.maxPerPrincipal && sessions.size < limits.max) return
  const [first, ...others] = own
  if (first !== undefined) {
    end(others.reduce((a, b) => (a.lastSeenAt <= b.lastSeenAt ? a : b), first))
    return
  }
  throw new ToolgateError({
    code: 'TOO_MANY_SESSIONS',
    message: 'Too many sessions are open.',
    hint: 'Try again later, or use revision 2026-07-28, which needs none.',
  })
}

function notFound(): ToolgateError {
  return new ToolgateError({
    code: 'SESSION_NOT_FOUND',
    message: 'The session is unknown or has ended.',
    hint: 'Send `initialize` again.',
  })
}
