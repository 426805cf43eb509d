import { MAX_PROOFS, MAX_PROOFS_OF_OWNER, type ReplayStore } from '../replay-store.ts'

/**
 * In the memory of one process, 100,000 in all and 10,000 of an owner. When it is full nothing more is let in, because a place
 * that is made by forgetting is one for a replay.
 */
export function createMemoryReplayStore(clock: () => number): ReplayStore {
  const used = new Map<string, { readonly owner: string; readonly expiresAt: number }>()
  const owned = new Map<string, number>()

  const forgetExpired = (now: number): void => {
    // All live equally long, so the oldest come first; a clock that was set back only keeps them longer.
    for (const [key, { owner, expiresAt }] of used) {
      if (expiresAt > now) return
      used.delete(key)
      const left = (owned.get(owner) ?? 1) - 1
      if (left === 0) owned.delete(owner)
      else owned.set(owner, left)
    }
  }

  return {
    use(key, owner, expiresAt) {
      forgetExpired(clock())
      const count = owned.get(owner) ?? 0
      if (used.has(key) || used.size >= MAX_PROOFS || count >= MAX_PROOFS_OF_OWNER) return false
      used.set(key, { owner, expiresAt })
      owned.set(owner, count + 1)
      return true
    },
  }
}
