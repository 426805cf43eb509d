import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Observer } from '../observe/observation.ts'
import type { KeyStore } from '../storage/key-store.ts'
import { parseApiKey } from './api-key.ts'
import type { Authentication, Authenticator } from './authenticator.ts'
import { bearerToken, type Credentials, carriesCredential } from './credentials.ts'
import { createFailureLimiter, type FailureLimiter } from './failure-limiter.ts'
import { createKeyFinder, type KeyFinder, type KeyRecord, type KnownKey } from './find-key.ts'
import type { Pepper } from './pepper.ts'
import type { Principal } from './principal.ts'
import * as refusals from './refusal.ts'

/** What an authenticator of API keys works with. */
export interface ApiKeyOptions {
  /** Under which the hashes were made. Read when the first key is compared. */
  readonly pepper: Pepper
  /** Keys known from the start: those of the configuration and those of this process. */
  readonly keys?: readonly KeyRecord[]
  /** Where further keys are looked up; they count within two seconds of being added or removed. */
  readonly stores?: readonly KeyStore[]
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Told when keys cannot be read, once a minute while it lasts. Refusals are the caller's to observe. */
  readonly observer?: Observer
}

const NO_KEY: KnownKey = { hash: randomBytes(32), principal: { id: '', name: '', kind: 'api-key', roles: [] } }
const NO_PEPPER = createSecretKey(randomBytes(32))
const TELL_AGAIN_MS = 60_000
const NO_TEXT = 'x'.repeat(65)

/**
 * Authenticates `Authorization: Bearer tg_…`, at once. Every wrong key is answered alike and costs one HMAC, whether it
 * is malformed, unknown or close. Addresses that keep failing are told to wait and can no longer make storage be searched
 * for ids they invent; a valid key is let in from wherever it comes, however many failed before it.
 */
export function createApiKeyAuthenticator(options: ApiKeyOptions): ApiKeyAuthenticator {
  return new ApiKeyAuthenticator(options)
}

/** Made by `createApiKeyAuthenticator`; answers synchronously. */
export class ApiKeyAuthenticator implements Authenticator {
  readonly #finder: KeyFinder
  readonly #limiter: FailureLimiter
  readonly #pepper: Pepper
  readonly #observer: Observer | undefined
  readonly #clock: () => number
  #secret: KeyObject | undefined
  #toldAt = Number.NEGATIVE_INFINITY

  constructor({ pepper, keys = [], stores = [], clock = Date.now, observer }: ApiKeyOptions) {
    this.#pepper = pepper
    this.#observer = observer
    this.#clock = clock
    this.#finder = createKeyFinder({ keys, stores, clock })
    this.#limiter = createFailureLimiter(clock)
  }

  /** The principal of the key, a refusal, or `undefined` when the request carries no credential. */
  authenticate(credentials: Credentials): Authentication {
    const { authorization, query, address } = credentials
    if (query !== '' && carriesCredential(query)) return refusals.credentialInUrl
    const header = authorization[0]
    if (header === undefined) return undefined
    if (authorization.length > 1) return refusals.repeatedCredential
    const token = bearerToken(header)
    return token === undefined ? refusals.unsupportedScheme : this.#check(token, address)
  }

  /** Whether its key is still there and has not expired. While keys cannot be read, nobody loses an open stream. */
  isValid({ id, kind }: Principal): boolean {
    if (kind !== 'api-key') return true
    try {
      const key = this.#finder.find(id.slice('key:'.length), () => false)
      return key !== undefined && !this.#hasExpired(key.principal)
    } catch (cause) {
      this.#failClosed(cause)
      return true
    }
  }

  #hasExpired({ expiresAt }: Principal): boolean {
    return expiresAt !== undefined && expiresAt <= this.#clock()
  }

  #check(token: string, address: string): Principal | refusals.Refusal {
    const id = parseApiKey(token)
    try {
      const key = id === undefined ? undefined : this.#finder.find(id, () => this.#limiter.isLimited(address))
      const isRight = this.#matches(id === undefined ? NO_TEXT : token, key)
      if (isRight && key !== undefined && !this.#hasExpired(key.principal)) return key.principal
      return this.#refuse(explain(id, key, isRight), address)
    } catch (cause) {
      return this.#failClosed(cause)
    }
  }

  /** Does the same work whether or not there is a key to compare with. */
  #matches(text: string, key: KnownKey = NO_KEY): boolean {
    const secret = key === NO_KEY ? NO_PEPPER : this.#readPepper()
    const hash = createHmac('sha256', secret).update(text).digest()
    const isComparable = key.hash.length === hash.length
    return timingSafeEqual(hash, isComparable ? key.hash : NO_KEY.hash) && isComparable
  }

  #readPepper(): KeyObject {
    if (this.#secret === undefined) {
      const bytes = this.#pepper.read()
      if (bytes === undefined) throw new Error('There are API keys but no pepper to check them with.')
      this.#secret = createSecretKey(bytes)
    }
    return this.#secret
  }

  #refuse(reason: string, address: string): refusals.Refusal {
    const retryAfterSeconds = this.#limiter.fail(address)
    if (retryAfterSeconds > 0) return refusals.tooManyFailures(reason, retryAfterSeconds)
    return refusals.invalidCredential(reason)
  }

  #failClosed(cause: unknown): refusals.Refusal {
    const now = this.#clock()
    if (Math.abs(now - this.#toldAt) >= TELL_AGAIN_MS) {
      this.#toldAt = now
      this.#observer?.({ type: 'fault', message: 'API keys cannot be read; callers with a key are refused.', cause })
    }
    return refusals.keysUnavailable
  }
}

/** The id is shown: it is public, made of letters and digits, and tells whose old key is still in use. */
function explain(id: string | undefined, key: KnownKey | undefined, isRight: boolean): string {
  if (id === undefined) return 'not an API key'
  if (key === undefined) return `no key with id ${id}`
  return `${isRight ? 'expired key' : 'wrong secret for key'} ${id} (${key.principal.name})`
}
