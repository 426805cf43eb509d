import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Observer } from '../observe/observation.ts'
import { GIVEN_PEPPER, parseApiKey } from './api-key.ts'
import type { Authentication, Authenticator } from './authenticator.ts'
import { type Credentials, carriesCredential } from './credentials.ts'
import { createFailureLimiter, type FailureLimiter } from './failure-limiter.ts'
import { createKeyFinder, type KeyFinder, type KeySource, type KnownKey } from './find-key.ts'
import { keyOf } from './key-of.ts'
import type { KeyRecord } from './key-principal.ts'
import type { KeyUses } from './key-uses.ts'
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
  readonly stores?: readonly KeySource[]
  /** A header beside `Authorization` in which keys are taken, in lower case. */
  readonly keyHeader?: string | undefined
  /** Told of every key of a store that is let in. */
  readonly uses?: Pick<KeyUses, 'note'>
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Told when keys cannot be read, once a minute while it lasts. Refusals are the caller's to observe. */
  readonly observer?: Observer
}

const NO_KEY: KnownKey = {
  hash: randomBytes(32),
  principal: { id: '', name: '', kind: 'api-key', roles: [] },
  isStored: false,
  isGiven: false,
}
const NO_PEPPER = createSecretKey(randomBytes(32))
const TELL_AGAIN_MS = 60_000
const NO_TEXT = 'x'.repeat(65)

/**
 * Authenticates `Authorization: Bearer tg_…`, or the same key in a header of its own, at once. Every wrong key is answered alike and costs one HMAC, whether it
 * is malformed, unknown, close, revoked, expired or sent from outside its addresses. Addresses that keep failing are told to wait and can no longer make storage be searched
 * for ids they invent; a valid key is let in from wherever it comes, however many failed before it.
 */
export function createApiKeyAuthenticator(options: ApiKeyOptions): ApiKeyAuthenticator {
  return new ApiKeyAuthenticator(options)
}

/** Made by `createApiKeyAuthenticator`; answers synchronously. */
export class ApiKeyAuthenticator implements Authenticator {
  readonly #finder: KeyFinder
  readonly #limiter: FailureLimiter
  /** Right keys from wrong addresses: counted for themselves, so that they lock out nobody's guesses but their own. */
  readonly #strayLimiter: FailureLimiter
  readonly #keyHeader: string | undefined
  readonly #uses: Pick<KeyUses, 'note'> | undefined
  readonly #pepper: Pepper
  readonly #observer: Observer | undefined
  readonly #clock: () => number
  #secret: KeyObject | undefined
  #toldAt = Number.NEGATIVE_INFINITY

  constructor({ pepper, keys = [], stores = [], clock = Date.now, observer, keyHeader, uses }: ApiKeyOptions) {
    this.#pepper = pepper
    this.#keyHeader = keyHeader
    this.#uses = uses
    this.#strayLimiter = createFailureLimiter(clock)
    this.#observer = observer
    this.#clock = clock
    this.#finder = createKeyFinder({ keys, stores, clock })
    this.#limiter = createFailureLimiter(clock)
  }

  /** The principal of the key, a refusal, or `undefined` when the request carries no credential. */
  authenticate(credentials: Credentials): Authentication {
    const { query, address } = credentials
    if (query !== '' && carriesCredential(query)) return refusals.credentialInUrl
    const sent = keyOf(credentials, this.#keyHeader)
    return typeof sent === 'string' ? this.#check(sent, address) : sent
  }

  /** The principal of a key, or why it lets nobody in; for a transport that has no headers. */
  authenticateKey(text: string, address: string): Principal | refusals.Refusal {
    return this.#check(text, address)
  }

  /** Whether its key is still there and has not expired. While keys cannot be read, nobody loses an open stream. */
  isValid({ id, kind, credentialId = id.slice('key:'.length) }: Principal): boolean {
    if (kind !== 'api-key') return true
    try {
      const key = this.#finder.find(credentialId, () => false)
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
      if (!isRight || key === undefined || this.#hasExpired(key.principal)) {
        return this.#refuse(this.#explain(id, key, isRight), address)
      }
      if (key.ranges?.contains(address) === false) return this.#refuseStray(key, address)
      if (key.isStored) this.#uses?.note(id as string)
      return key.principal
    } catch (cause) {
      return this.#failClosed(cause)
    }
  }

  /** Does the same work whether or not there is a key to compare with. */
  #matches(text: string, key: KnownKey = NO_KEY): boolean {
    const secret = key === NO_KEY ? NO_PEPPER : key.isGiven ? GIVEN_PEPPER : this.#readPepper()
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

  /** Answered like a wrong key, also where wrong ones are told to wait; but it is no guess, and does not count as one. */
  #refuseStray({ principal }: KnownKey, address: string): refusals.Refusal {
    const reason = `key ${principal.credentialId} (${principal.name}) from outside its addresses`
    const waitSeconds = Math.max(this.#strayLimiter.fail(address), this.#limiter.waitSeconds(address))
    return waitSeconds > 0 ? refusals.tooManyFailures(reason, waitSeconds) : refusals.invalidCredential(reason)
  }

  /** The id is shown: it is public, made of letters and digits, and tells whose old key is still in use. */
  #explain(id: string | undefined, key: KnownKey | undefined, isRight: boolean): string {
    if (id === undefined) return 'not an API key'
    if (key === undefined) return `no key with id ${id}`
    const isRevoked = key.revokedAt !== undefined && key.revokedAt <= this.#clock()
    const what = isRight ? (isRevoked ? 'revoked key' : 'expired key') : 'wrong secret for key'
    return `${what} ${id} (${key.principal.name})`
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
