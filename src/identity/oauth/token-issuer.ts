import type { JSONWebKeySet } from 'jose'
import type { Observer } from '../../observe/observation.ts'
import type { Principal } from '../principal.ts'
import type { FetchDocument } from './fetch-document.ts'
import { createIntrospector, type Introspector } from './introspect.ts'
import { type AskIssuer, createAskIssuer, discoverIssuer, type IssuerMetadata } from './issuer-metadata.ts'
import type { IssuerSettings } from './issuer-settings.ts'
import { createKeySet, createLocalKeySet, type KeySet } from './key-set.ts'
import { type Claims, mapClaims } from './map-claims.ts'
import { checkTimes, type DecodedJwt, hasAudience, verifyJwt } from './verify-jwt.ts'

/** A token that was believed. */
export interface VerifiedToken {
  readonly issuer: TokenIssuer
  readonly principal: Principal
  /** What the token is bound to (RFC 7800 `cnf`). */
  readonly binding: Binding
  /** Until when it need not be looked at again, in milliseconds since the epoch. */
  readonly validUntil: number
  /** Of the issuer's keys then. */
  readonly keysVersion: number
}

/** The client's key and certificate that a token is bound to; neither, when it is a plain bearer token. */
export interface Binding {
  readonly thumbprint?: string
  readonly certificate?: string
}

/** A token as it was sent. */
export interface SentToken {
  readonly text: string
  /** SHA-256, base64url. */
  readonly hash: string
  /** `undefined` when it is opaque. */
  readonly jwt: DecodedJwt | undefined
}

/** Whose tokens are let in. */
export interface TokenIssuer {
  readonly settings: IssuerSettings
  readonly keysVersion: number
  /** Whether its opaque tokens are let in. */
  readonly takesOpaque: boolean
  /** Whether it is being asked about so many tokens that a suspect's should not be one more. */
  readonly isBusy: boolean
  /** What a token stands for or, as text, why for nothing. Rejects while that cannot be known. */
  verify(token: SentToken): Promise<VerifiedToken | string>
  /** Fetches its keys, so that the first caller need not wait. Never rejects. */
  warmUp(): Promise<void>
}

/** What an issuer works with. */
export interface IssuerParts {
  readonly settings: IssuerSettings
  readonly audiences: () => readonly string[]
  readonly fetch: FetchDocument
  readonly clock: () => number
  readonly observer: Observer
  readonly signal: AbortSignal
  /** Keys of an issuer in this process, which answers the same object while they are the same. */
  readonly localKeys?: (() => JSONWebKeySet) | undefined
  /** Of such an issuer. */
  readonly resolve?: ResolveClaims | undefined
}

/** Whom a token with these claims stands for now; `undefined` when it was taken away. */
export type ResolveClaims = (claims: Claims) => Pick<Principal, 'name' | 'roles' | 'tenant'> | undefined

/** How long a verified token is believed without another look. */
const BELIEVE_MS = 30_000
/** The same of an issuer in this process, which knows of every token that was taken away. */
const BELIEVE_LOCAL_MS = 2_000

/** Makes an issuer; nothing is fetched yet. */
export function createTokenIssuer(parts: IssuerParts): TokenIssuer {
  return new ConfiguredIssuer(parts)
}

class ConfiguredIssuer implements TokenIssuer {
  readonly settings: IssuerSettings
  readonly #parts: IssuerParts
  readonly #ask: AskIssuer
  readonly #keys: KeySet
  readonly #introspector: Introspector | undefined
  #metadata: Promise<IssuerMetadata> | undefined

  constructor(parts: IssuerParts) {
    const { settings, fetch, signal, clock, localKeys } = parts
    this.#parts = parts
    this.settings = settings
    this.#ask = createAskIssuer(settings, fetch, signal)
    this.#keys = localKeys === undefined ? this.#fetchedKeys() : createLocalKeySet(localKeys)
    const { introspection } = settings
    const endpoint = (): Promise<string> => this.#introspectionEndpoint()
    if (introspection === undefined) return
    this.#introspector = createIntrospector({ settings: introspection, ask: this.#ask, endpoint, clock })
  }

  get keysVersion(): number {
    return this.#keys.version
  }

  get takesOpaque(): boolean {
    return this.#introspector !== undefined
  }

  get isBusy(): boolean {
    return this.#introspector?.isBusy ?? false
  }

  async warmUp(): Promise<void> {
    if (this.settings.tokenTypes.size > 0) await this.#keys.warmUp()
  }

  async verify(token: SentToken): Promise<VerifiedToken | string> {
    const claims = token.jwt === undefined ? await this.#introspect(token) : await this.#verifyJwt(token, token.jwt)
    if (typeof claims === 'string') return claims
    const binding = readBinding(claims.cnf)
    if (binding === undefined) return 'bound in a way that cannot be checked'
    const mapped = mapClaims(claims, this.settings)
    if (typeof mapped === 'string') return mapped
    const principal = this.#resolve(mapped, claims)
    if (principal === undefined) return 'it was taken away'
    const { expiresAt = Number.POSITIVE_INFINITY } = principal
    const validUntil = Math.min(
      this.#parts.clock() + (this.#parts.resolve === undefined ? BELIEVE_MS : BELIEVE_LOCAL_MS),
      expiresAt + this.settings.clockToleranceSeconds * 1000,
    )
    return { issuer: this, principal, binding, validUntil, keysVersion: this.#keys.version }
  }

  /** What the issuer says of a caller now counts, not what it said when the token was made. */
  #resolve(mapped: Principal, claims: Claims): Principal | undefined {
    const { resolve } = this.#parts
    if (resolve === undefined) return mapped
    const subject = resolve(claims)
    if (subject === undefined) return undefined
    const { tenant: _, ...others } = mapped
    const roles = Object.freeze(subject.roles.filter((role) => this.settings.knownRoles.has(role)))
    const tenant = subject.tenant === undefined ? {} : { tenant: subject.tenant }
    return Object.freeze({ ...others, name: subject.name, roles, ...tenant })
  }

  async #verifyJwt(token: SentToken, decoded: DecodedJwt): Promise<Claims | string> {
    const { settings } = this
    const { audiences, clock } = this.#parts
    const check = { settings, audiences: audiences(), keys: this.#keys, nowMs: clock() }
    const claims = await verifyJwt(token.text, decoded, check)
    if (typeof claims === 'string' || settings.introspection?.tokens !== 'all') return claims
    const introspected = await this.#introspect(token)
    return typeof introspected === 'string' ? introspected : claims
  }

  /** RFC 7662 §4: what an issuer says of a token is held to as much as a token that says it itself. */
  async #introspect(token: SentToken): Promise<Claims | string> {
    const claims = await this.#introspector?.ask(token.text, token.hash)
    if (claims === undefined) return 'the issuer does not know it'
    const { issuer } = this.settings
    if (claims.iss !== undefined && claims.iss !== issuer) return 'another issuer'
    if (!hasAudience(claims.aud, this.#parts.audiences())) return 'for another audience'
    if (claims.exp === undefined) return 'no exp'
    // RFC 7662 §2.2: `sub` is optional; as in RFC 9068 §2.2 a client without a user is its own subject.
    return checkTimes(claims, this.settings, this.#parts.clock()) ?? { sub: claims.client_id, ...claims }
  }

  #fetchedKeys(): KeySet {
    const { clock, observer, settings } = this.#parts
    return createKeySet({
      clock,
      maxStaleMs: settings.maxStaleKeysSeconds * 1000,
      fetch: () => this.#fetchKeys(),
      onFailure: (cause) => {
        this.#metadata = undefined
        observer({ type: 'fault', message: `The keys of ${settings.issuer} cannot be fetched.`, cause })
      },
      onRecovery: () => {
        observer({ type: 'warning', message: `The keys of ${settings.issuer} can be fetched again.` })
      },
    })
  }

  async #fetchKeys(): Promise<JSONWebKeySet> {
    const url = this.settings.jwksUri ?? (await this.#discover()).jwksUri
    if (url === undefined) throw new Error('its metadata name no keys')
    const { status, body } = await this.#ask(url)
    if (body === undefined) throw new Error(`${new URL(url).host} answers ${status}`)
    return body as unknown as JSONWebKeySet
  }

  async #introspectionEndpoint(): Promise<string> {
    const { introspectionEndpoint } = await this.#discover()
    if (introspectionEndpoint !== undefined) return introspectionEndpoint
    throw new Error('its metadata name no introspection endpoint')
  }

  /** Once; again after a failure. */
  #discover(): Promise<IssuerMetadata> {
    this.#metadata ??= discoverIssuer(this.settings.issuer, this.#ask).catch((thrown) => {
      this.#metadata = undefined
      throw thrown
    })
    return this.#metadata
  }
}

/** RFC 9449 §6, RFC 8705 §3.1. `undefined` for a binding of any other kind, since nobody could check it. */
function readBinding(confirmation: unknown): Binding | undefined {
  if (confirmation === undefined) return {}
  if (typeof confirmation !== 'object' || confirmation === null) return undefined
  const { jkt, 'x5t#S256': certificate, ...others } = confirmation as Record<string, unknown>
  const isKnown = Object.keys(others).length === 0 && (jkt !== undefined || certificate !== undefined)
  if (!isKnown || !isThumbprint(jkt) || !isThumbprint(certificate)) return undefined
  return { ...(jkt === undefined ? {} : { thumbprint: jkt }), ...(certificate === undefined ? {} : { certificate }) }
}

function isThumbprint(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length === 43)
}
