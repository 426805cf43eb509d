import { ToolgateError } from '../errors.ts'
import type { Principal } from '../identity/principal.ts'

/** The event streams that are open: how many, whose, and how each is ended. */
export interface OpenStreams {
  /**
   * Takes a place and returns how to give it back. `end` ends the stream in peace; it is called at most once. Throws
   * `TOO_MANY_SESSIONS`.
   */
  open(principal: Principal, end: () => void): () => void
  /** Ends every stream, since the server ends. */
  close(): void
}

interface OpenStream {
  readonly principal: Principal
  readonly end: () => void
}

/** Counts up to the limits. */
export function createOpenStreams(limits: { maxStreams: number; maxStreamsPerPrincipal: number }): OpenStreams {
  const byPrincipal = new Map<string, Set<OpenStream>>()
  let total = 0
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
    close() {
      for (const own of [...byPrincipal.values()]) for (const { end } of [...own]) end()
    },
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
