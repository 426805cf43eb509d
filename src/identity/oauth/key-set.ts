import type { CryptoKey, JSONWebKeySet, JWK, JWSHeaderParameters } from 'jose'

/** The keys of an issuer. */
export interface KeySet {
  /** Grows when the keys become others: what was verified before must be verified again. */
  readonly version: number
  /**
   * The key that a token names, among those of now. `undefined` when there is none; rejects with `KeysUnavailable` while none can
   * be had.
   */
  find(header: JWSHeaderParameters): Promise<CryptoKey | undefined>
  /** Resolves when the keys have been fetched once or have failed to; never rejects. */
  warmUp(): Promise<void>
}

/** The keys of the issuer cannot be had, so nobody knows whether a token is right. */
class KeysUnavailable extends Error {}

/** What a key set works with. */
export interface KeySetParts {
  /** Fetches the set. Rejects when it cannot be had. */
  readonly fetch: () => Promise<JSONWebKeySet>
  readonly clock: () => number
  readonly maxStaleMs: number
  /** Told when the keys cannot be fetched, and when they can be again. */
  readonly onFailure: (cause: unknown) => void
  readonly onRecovery: () => void
}

const FRESH_MS = 30_000
const MAX_AGE_MS = 60_000
const COOLDOWN_MS = 30_000
const MAX_PAUSE_MS = 30_000
const MAX_KEYS = 100

type Find = (header: JWSHeaderParameters) => Promise<CryptoKey | undefined>

interface Fetched {
  readonly text: string
  readonly find: Find
  readonly at: number
}

/**
 * Keeps the keys of an issuer. They are fetched again after 30 seconds, while those of before still count, and after 60 they count
 * no more: that is how soon a key that is withdrawn lets nobody in. A key that is unknown makes them be fetched at once, one time
 * in 30 seconds, whoever sends how many. While the issuer is down the keys of before count, for as long as configured, and it is
 * tried again after a second, then two, … at most 30; nobody waits for that.
 */
export function createKeySet(parts: KeySetParts): KeySet {
  return new FetchedKeySet(parts)
}

class FetchedKeySet implements KeySet {
  readonly #parts: KeySetParts
  #fetched: Fetched | undefined
  #running: Promise<void> | undefined
  #version = 0
  #failures = 0
  #triedAt = Number.NEGATIVE_INFINITY

  constructor(parts: KeySetParts) {
    this.#parts = parts
  }

  get version(): number {
    return this.#version
  }

  async find(header: JWSHeaderParameters): Promise<CryptoKey | undefined> {
    const { find } = await this.#current()
    const key = await find(header)
    if (key !== undefined) return key
    if (this.#running === undefined && !this.#mayTry(COOLDOWN_MS)) return undefined
    await this.#refresh()
    return this.#fetched?.find(header)
  }

  async warmUp(): Promise<void> {
    if (this.#fetched === undefined && this.#mayTry()) await this.#refresh()
  }

  async #current(): Promise<Fetched> {
    const age = this.#age()
    const running = age > FRESH_MS && this.#mayTry() ? this.#refresh() : this.#running
    if (this.#fetched === undefined || (age > MAX_AGE_MS && this.#failures === 0)) await running
    if (this.#fetched === undefined || this.#age() > MAX_AGE_MS + this.#parts.maxStaleMs) throw new KeysUnavailable()
    return this.#fetched
  }

  /** A clock that was set back makes keys old, not young for ever. */
  #age(): number {
    if (this.#fetched === undefined) return Number.POSITIVE_INFINITY
    const age = this.#parts.clock() - this.#fetched.at
    return age < 0 ? FRESH_MS + 1 : age
  }

  /** Whether the pause since the last attempt is over: the longer, the more of them have failed. */
  #mayTry(atLeastMs = 0): boolean {
    if (this.#running !== undefined) return false
    const pause = this.#failures === 0 ? atLeastMs : Math.min(1_000 * 2 ** (this.#failures - 1), MAX_PAUSE_MS)
    return Math.abs(this.#parts.clock() - this.#triedAt) >= Math.max(pause, atLeastMs)
  }

  /** One fetch at a time, for everybody who waits. */
  #refresh(): Promise<void> {
    this.#running ??= this.#fetch().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #fetch(): Promise<void> {
    const { clock, fetch, onFailure, onRecovery } = this.#parts
    this.#triedAt = clock()
    try {
      const keys = usableKeys(await fetch())
      const text = JSON.stringify(keys)
      const isSame = this.#fetched?.text === text
      const find = isSame && this.#fetched !== undefined ? this.#fetched.find : await createFind(keys)
      this.#fetched = { text, find, at: clock() }
      if (!isSame) this.#version += 1
      if (this.#failures > 0) onRecovery()
      this.#failures = 0
    } catch (cause) {
      this.#failures += 1
      onFailure(cause)
    }
  }
}

/** Public keys of asymmetric algorithms alone: a shared secret that a set publishes would let everybody sign. */
function usableKeys({ keys }: JSONWebKeySet): readonly JWK[] {
  if (!Array.isArray(keys)) throw new Error('its key set has no list of keys')
  const usable = keys.filter(
    (key: unknown): key is JWK =>
      typeof key === 'object' &&
      key !== null &&
      'kty' in key &&
      ['RSA', 'EC', 'OKP'].includes(String(key.kty)) &&
      !('d' in key),
  )
  if (usable.length === 0) throw new Error('its key set has no public key')
  return usable.slice(0, MAX_KEYS)
}

/** `jose` is loaded with the first keys: who has no OAuth never pays for it. */
async function createFind(keys: readonly JWK[]): Promise<Find> {
  const { createLocalJWKSet } = await import('jose')
  const find = createLocalJWKSet({ keys: [...keys] })
  return async (header) => {
    try {
      return (await find(header)) as CryptoKey
    } catch {
      // Several keys without a name to choose by, or one that is broken, are as good as none.
      return undefined
    }
  }
}

/** Keys of an issuer in the same process, which need no fetch. `read` answers the same object while the keys are the same. */
export function createLocalKeySet(read: () => JSONWebKeySet): KeySet {
  let last: JSONWebKeySet | undefined
  let version = 0
  let found: Promise<Find> | undefined
  const update = (): void => {
    const now = read()
    if (now === last) return
    last = now
    version += 1
    found = createFind(usableKeys(now))
  }
  return {
    get version() {
      update()
      return version
    },
    async find(header) {
      update()
      return (await found)?.(header)
    },
    warmUp: async () => {},
  }
}
