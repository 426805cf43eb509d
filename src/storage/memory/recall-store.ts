import {
  RECALL_FULL,
  type RecallClaim,
  type RecalledCall,
  type RecallLimits,
  type RecallStore,
} from '../recall-store.ts'

interface Entry extends RecalledCall {
  answer: string | null | undefined
  readonly principalId: string
  readonly expiresAt: number
}

/** Remembers for as long as the process lives. */
export function createMemoryRecallStore(limits: RecallLimits): RecallStore {
  return new MemoryRecallStore(limits)
}

class MemoryRecallStore implements RecallStore {
  readonly #limits: RecallLimits
  readonly #byKey = new Map<string, Entry>()
  /** Keys of each principal, oldest first. */
  readonly #keysOf = new Map<string, Set<string>>()
  #bytes = 0
  #firstExpiry = 0

  constructor(limits: RecallLimits) {
    this.#limits = limits
  }

  claim({ key, principalId, callId, fingerprint, expiresAt, now }: RecallClaim): ReturnType<RecallStore['claim']> {
    const known = this.#byKey.get(key)
    if (known !== undefined && known.expiresAt > now) return known
    if (known !== undefined) this.#forget(key)
    if (!this.#makeRoom(principalId, now)) return RECALL_FULL
    this.#firstExpiry = Math.min(this.#firstExpiry, expiresAt)
    this.#byKey.set(key, { callId, fingerprint, answer: undefined, principalId, expiresAt })
    const own = this.#keysOf.get(principalId) ?? new Set()
    this.#keysOf.set(principalId, own.add(key))
    return undefined
  }

  settle(key: string, callId: string, answer: string | null): void {
    const entry = this.#own(key, callId)
    if (entry === undefined) return
    const bytes = answer === null ? 0 : answer.length
    entry.answer = this.#bytes + bytes > this.#limits.maxBytes ? null : answer
    if (entry.answer !== null) this.#bytes += bytes
  }

  release(key: string, callId: string): void {
    if (this.#own(key, callId) !== undefined) this.#forget(key)
  }

  #own(key: string, callId: string): Entry | undefined {
    const entry = this.#byKey.get(key)
    return entry?.callId === callId && entry.answer === undefined ? entry : undefined
  }

  #makeRoom(principalId: string, now: number): boolean {
    const own = this.#keysOf.get(principalId)
    if (own !== undefined && own.size >= this.#limits.maxPerPrincipal) {
      const ended = [...own].find((key) => this.#byKey.get(key)?.answer !== undefined)
      if (ended === undefined) return false
      this.#forget(ended)
    }
    if (this.#byKey.size >= this.#limits.max) this.#forgetExpired(now)
    return this.#byKey.size < this.#limits.max
  }

  /** Looks through all of them only when the first of those it left can have expired. */
  #forgetExpired(now: number): void {
    if (now < this.#firstExpiry) return
    this.#firstExpiry = Number.POSITIVE_INFINITY
    for (const [key, { expiresAt }] of this.#byKey) {
      if (expiresAt <= now) this.#forget(key)
      else this.#firstExpiry = Math.min(this.#firstExpiry, expiresAt)
    }
  }

  #forget(key: string): void {
    const entry = this.#byKey.get(key)
    if (entry === undefined) return
    this.#bytes -= entry.answer?.length ?? 0
    this.#byKey.delete(key)
    const own = this.#keysOf.get(entry.principalId)
    own?.delete(key)
    if (own?.size === 0) this.#keysOf.delete(entry.principalId)
  }
}
