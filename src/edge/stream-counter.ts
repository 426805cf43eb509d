import { ToolgateError } from '../errors.ts'

/** Counts open event streams, in all and per principal. */
export interface StreamCounter {
  /** Takes a place and returns how to give it back. Throws `TOO_MANY_SESSIONS`. */
  open(principalId: string): () => void
}

/** Counts up to the limits. */
export function createStreamCounter(limits: { maxStreams: number; maxStreamsPerPrincipal: number }): StreamCounter {
  const byPrincipal = new Map<string, number>()
  let total = 0
  const change = (principalId: string, by: number): void => {
    const count = (byPrincipal.get(principalId) ?? 0) + by
    if (count === 0) byPrincipal.delete(principalId)
    else byPrincipal.set(principalId, count)
    total += by
  }
  return {
    open(principalId) {
      const own = byPrincipal.get(principalId) ?? 0
      if (total >= limits.maxStreams || own >= limits.maxStreamsPerPrincipal) {
        throw new ToolgateError({
          code: 'TOO_MANY_SESSIONS',
          message: 'Too many streams are open.',
          hint: 'Close one, or try again later.',
        })
      }
      change(principalId, 1)
      let isOpen = true
      return () => {
        if (isOpen) change(principalId, -1)
        isOpen = false
      }
    },
  }
}
