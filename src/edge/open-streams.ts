import { ToolgateError } from '../errors.ts'
import type { Principal } from '../identity/principal.ts'

/** The event streams that are open: how many, whose, and how each is ended. */
export interface OpenStreams {
  /**
   * Takes a place and returns how to give it back. `end` ends the stream in peace; it is called at most once. Throws
   * `TOO_MANY_SESSIONS`.
   */
  open(principal: Principal, end: () => void): () => void
  /**
   * Ends the streams whose credential has expired by `now`, and, every ten seconds, those of principals for whom `isValid`
   * is false. Never rejects.
   */
  sweep(now: number, isValid?: (principal: Principal) => boolean | Promise<boolean>): Promise<void>
  /** Ends every stream, since the server ends. */
  close(): void
  /** How many are open. */
  readonly size: number
}

interface OpenStream {
  readonly principal: Principal
  readonly end: () => void
}

/** How long a credential that was revoked may still be listened with, beside what its authenticator remembers. */
const CHECK_MS = 10_000

/** Counts up to the limits. */
export function createOpenStreams(limits: { maxStreams: number; maxStreamsPerPrincipal: number }): OpenStreams {
  const byPrincipal = new Map<string, Set<OpenStream>>()
  let total = 0
  let checkedAt = Number.NEGATIVE_INFINITY
  const all = (): OpenStream[] => [...byPrincipal.values()].flatMap((own) => [...own])
  return {
    open(principal, end) {
      const own = byPrincipal.get(principal.id) ?? new Set()
      if (total >= limits.maxStreams || own.size >= limits.maxStreamsPerPrincipal) throw tooMany()
      byPrincipal.set(principal.id, own)
      const stream = { principal, end: once(end) }
      own.add(stream)
      total += 1
      return () => {
        if (!own.delete(stream)) return
        total -= 1
        if (own.size === 0) byPrincipal.delete(principal.id)
      }
    },
    async sweep(now, isValid) {
      for (const { principal, end } of all()) if (hasExpired(principal, now)) end()
      // A clock that was set back must not put the check off until then.
      if (isValid === undefined || Math.abs(now - checkedAt) < CHECK_MS) return
      checkedAt = now
      await Promise.all([...byPrincipal.values()].map((own) => endRevoked(own, isValid)))
    },
    close() {
      for (const { end } of all()) end()
    },
    get size() {
      return total
    },
  }
}

function hasExpired({ expiresAt }: Principal, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

async function endRevoked(
  own: ReadonlySet<OpenStream>,
  isValid: (principal: Principal) => boolean | Promise<boolean>,
): Promise<void> {
  // One user may have several credentials, each with its own streams.
  for (const principal of new Set([...own].map((stream) => stream.principal))) {
    if (await isValid(principal)) continue
    for (const stream of [...own]) if (stream.principal === principal) stream.end()
  }
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    act()
  }
}

function tooMany(): ToolgateError {
  return new ToolgateError({
    code: 'TOO_MANY_SESSIONS',
    message: 'Too many streams are open.',
    hint: 'Close one, or try again later.',
  })
}
