import { ToolgateError } from '../../errors.ts'
import type { SessionOptions } from '../options.ts'
import type { LegacySession } from './legacy-session.ts'

/** Sessions by id, and those of each principal in the order of their last use. */
export class SessionTable {
  readonly #limits: SessionOptions
  readonly #byId = new Map<string, LegacySession>()
  readonly #byPrincipal = new Map<string, Set<LegacySession>>()

  constructor(limits: SessionOptions) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): LegacySession | undefined {
    return this.#byId.get(id)
  }

  all(): readonly LegacySession[] {
    return [...this.#byId.values()]
  }

  add(session: LegacySession): void {
    this.#byId.set(session.id, session)
    const own = this.#byPrincipal.get(session.principal.id)
    if (own === undefined) this.#byPrincipal.set(session.principal.id, new Set([session]))
    else own.add(session)
  }

  /** Notes that it was used at `now`. Costs nothing within the same millisecond. */
  use(session: LegacySession, now: number): void {
    if (session.lastSeenAt === now) return
    session.lastSeenAt = now
    const own = this.#byPrincipal.get(session.principal.id)
    if (own === undefined || own.size === 1 || !own.delete(session)) return
    own.add(session)
  }

  remove(session: LegacySession): void {
    const own = this.#byPrincipal.get(session.principal.id)
    own?.delete(session)
    if (own?.size === 0) this.#byPrincipal.delete(session.principal.id)
    this.#byId.delete(session.id)
  }

  /**
   * Makes room for one more of the principal by taking out the one it used longest ago, which the caller has to end.
   * Throws `TOO_MANY_SESSIONS` when all places are taken by others.
   */
  makeRoom(principalId: string): LegacySession | undefined {
    const own = this.#byPrincipal.get(principalId)
    if (this.#byId.size < this.#limits.max && (own?.size ?? 0) < this.#limits.maxPerPrincipal) return undefined
    const [oldest] = own ?? []
    if (oldest === undefined) throw tooMany()
    this.remove(oldest)
    return oldest
  }
}

function tooMany(): ToolgateError {
  return new ToolgateError({
    code: 'TOO_MANY_SESSIONS',
    message: 'Too many sessions are open.',
    hint: 'Try again later, or use revision 2026-07-28, which needs none.',
  })
}
