import { createHash } from 'node:crypto'
import { ToolgateError } from '../../errors.ts'
import type { ReplayStore } from '../../storage/replay-store.ts'
import type { Authentication, Authenticator } from '../authenticator.ts'
import { putBounded } from '../bounded-map.ts'
import { type Credentials, headerValues } from '../credentials.ts'
import { createFailureLimiter, type FailureLimiter } from '../failure-limiter.ts'
import { readOneCredential, type SentCredential } from '../one-credential.ts'
import type { Principal } from '../principal.ts'
import { type Refusal, tooManyFailures } from '../refusal.ts'
import { createDpopNonces, type DpopNonces } from './dpop-nonce.ts'
import type { ProtectedResource } from './protected-resource.ts'
import type { SentToken, TokenIssuer, VerifiedToken } from './token-issuer.ts'
import { NONCE_WANTED, verifyDpop } from './verify-dpop.ts'
import { decodeJwt, WRONG_FOR_EVER } from './verify-jwt.ts'

/** What an authenticator of access tokens works with. */
export interface OAuthParts {
  readonly resource: ProtectedResource
  readonly issuers: readonly TokenIssuer[]
  readonly replays: ReplayStore
  /** For nonces; processes that share it take each other's. */
  readonly nonceKey: Uint8Array
  readonly clock: () => number
}

/** Longer ones are refused unread. */
const MAX_TOKEN = 8_192
const MAX_BELIEVED = 10_000
/** Of those who have sent many wrong tokens, so many are looked at at once: a flood costs little, and a right one gets in in turn. */
const MAX_SUSPECTS = 2
const MAX_REFUSED = 1_000
const REFUSE_MS = 10_000

const unavailable = new ToolgateError({
  code: 'ISSUER_UNAVAILABLE',
  message: 'Access tokens of this issuer cannot be checked at the moment.',
  hint: "Try again later; the server's log has the cause.",
  data: { retryAfter: 5 },
})

/**
 * Authenticates access tokens, `Bearer` and `DPoP`. A token that was verified is believed for 30 seconds, unless the issuer's keys
 * change before, and answered at once; its proof is verified with every request. All wrong tokens are told alike.
 */
export function createOAuthAuthenticator(parts: OAuthParts): Authenticator {
  return new OAuthAuthenticator(parts)
}

class OAuthAuthenticator implements Authenticator {
  readonly #parts: OAuthParts
  readonly #limiter: FailureLimiter
  readonly #nonces: DpopNonces
  readonly #believed = new Map<string, VerifiedToken>()
  /** Tokens that no key and no time will make right, for a moment: whoever has one sends it again and again. */
  readonly #refused = new Map<string, { readonly reason: string; readonly until: number }>()
  #suspects = 0
  /** By the principals that were made of them; a stream keeps its own as long as it is open. */
  readonly #tokens = new WeakMap<Principal, SentToken>()

  constructor(parts: OAuthParts) {
    this.#parts = parts
    this.#limiter = createFailureLimiter(parts.clock)
    this.#nonces = createDpopNonces(parts.nonceKey, parts.clock)
  }

  authenticate(credentials: Credentials): Authentication | Promise<Authentication> {
    const sent = readOneCredential(credentials)
    if (sent === undefined || 'kind' in sent) return sent
    const { resource } = this.#parts
    if (sent.scheme === 'other') return resource.unsupportedScheme
    if (sent.token.length > MAX_TOKEN) return this.#refuse('it is too long', credentials.address)
    const hash = createHash('sha256').update(sent.token).digest('base64url')
    const known = this.#find(hash)
    if (known !== undefined && isPlain(known, sent)) return known.principal
    const before = this.#reasonBefore(hash)
    if (before !== undefined) return this.#refuse(before, credentials.address)
    return this.#check({ text: sent.token, hash, jwt: undefined }, sent, credentials)
  }

  async isValid(principal: Principal): Promise<boolean> {
    const token = this.#tokens.get(principal)
    if (token === undefined) return false
    const verified = await this.#verify(token).catch(() => undefined)
    return verified !== undefined && typeof verified !== 'string' && verified.principal.id === principal.id
  }

  #find(hash: string): VerifiedToken | undefined {
    const known = this.#believed.get(hash)
    if (known === undefined) return undefined
    if (known.validUntil > this.#parts.clock() && known.keysVersion === known.issuer.keysVersion) return known
    this.#believed.delete(hash)
    return undefined
  }

  async #check(token: SentToken, sent: SentCredential, credentials: Credentials): Promise<Authentication> {
    const { address } = credentials
    try {
      const verified = await this.#verify(token, () => this.#limiter.isLimited(address))
      if (typeof verified === 'string') return this.#refuse(verified, address)
      const mistake = await this.#checkBinding({ verified, sent, hash: token.hash }, credentials)
      if (mistake === undefined) return verified.principal
      if (mistake === NONCE_WANTED) return this.#parts.resource.withoutNonce(this.#nonces.current())
      return this.#refuse(mistake, address)
    } catch (thrown) {
      return { kind: 'refused', reason: `the issuer cannot be asked${causeOf(thrown)}`, error: unavailable }
    }
  }

  async #verify({ text, hash }: SentToken, isSuspect = (): boolean => false): Promise<VerifiedToken | string> {
    const known = this.#find(hash)
    if (known !== undefined) return known
    const token = { text, hash, jwt: decodeJwt(text) }
    const issuer = this.#issuerOf(token)
    if (typeof issuer === 'string') return issuer
    const suspect = isSuspect() ? 1 : 0
    if (suspect > 0 && (issuer.isBusy || this.#suspects >= MAX_SUSPECTS)) return 'one of many from its address'
    this.#suspects += suspect
    try {
      return this.#remember(token, await issuer.verify(token))
    } finally {
      this.#suspects -= suspect
    }
  }

  #remember(token: SentToken, verified: VerifiedToken | string): VerifiedToken | string {
    const { hash } = token
    if (typeof verified !== 'string') {
      putBounded(this.#believed, [hash, verified], MAX_BELIEVED)
      this.#tokens.set(verified.principal, token)
    } else if (verified.startsWith(WRONG_FOR_EVER)) {
      const until = this.#parts.clock() + REFUSE_MS
      putBounded(this.#refused, [hash, { reason: verified, until }], MAX_REFUSED)
    }
    return verified
  }

  #reasonBefore(hash: string): string | undefined {
    const before = this.#refused.get(hash)
    if (before === undefined || Math.abs(before.until - this.#parts.clock()) > REFUSE_MS) return undefined
    return before.until > this.#parts.clock() ? before.reason : undefined
  }

  /** An opaque token is sent to the one issuer that may be asked, never to several. */
  #issuerOf({ jwt }: SentToken): TokenIssuer | string {
    const { issuers } = this.#parts
    if (jwt === undefined) return issuers.find((one) => one.takesOpaque) ?? 'no JWT'
    const found = issuers.find(({ settings }) => settings.issuer === jwt.claims.iss)
    return found ?? 'of an issuer that is not configured'
  }

  async #checkBinding(
    { verified, sent, hash }: { verified: VerifiedToken; sent: SentCredential; hash: string },
    credentials: Credentials,
  ): Promise<string | undefined> {
    const { binding, issuer } = verified
    const { dpop, requireCertificate } = issuer.settings
    if (binding.certificate !== undefined && binding.certificate !== credentials.certificate?.fields.thumbprint) {
      return 'bound to another certificate'
    }
    if (requireCertificate && binding.certificate === undefined) return 'not bound to a certificate'
    const { thumbprint } = binding
    if (thumbprint === undefined) {
      return dpop === 'required' || sent.scheme === 'dpop' ? 'not bound to a key' : undefined
    }
    if (dpop === 'off' || sent.scheme !== 'dpop') return 'bound to a key, and sent without a proof'
    const proofs = headerValues(credentials.rawHeaders, 'dpop')
    const [proof] = proofs
    if (proof === undefined || proofs.length > 1) return 'not exactly one proof'
    return this.#checkProof(proof, { issuer, thumbprint, hash }, credentials)
  }

  #checkProof(
    proof: string,
    { issuer, thumbprint, hash }: { issuer: TokenIssuer; thumbprint: string; hash: string },
    { method, path }: Credentials,
  ): Promise<string | undefined> {
    const { resource, replays, clock } = this.#parts
    const nonces = issuer.settings.dpopNonce ? this.#nonces : undefined
    const url = resource.base + path
    return verifyDpop(proof, { method, url, tokenHash: hash, thumbprint, nonces, replays, nowMs: clock() })
  }

  #refuse(reason: string, address: string): Refusal {
    const retryAfterSeconds = this.#limiter.fail(address)
    // Whoever masks the log takes what follows `token:` for one.
    const why = `access token (${reason})`
    return retryAfterSeconds > 0 ? tooManyFailures(why, retryAfterSeconds) : this.#parts.resource.invalid(why)
  }
}

/** For the log: what it answers, or that it does not; never what it was asked. */
function causeOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
  return cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : ''
}

/** Whether nothing but the token itself is to be checked. */
function isPlain({ binding, issuer }: VerifiedToken, { scheme }: SentCredential): boolean {
  const { dpop, requireCertificate } = issuer.settings
  const isUnbound = binding.thumbprint === undefined && binding.certificate === undefined
  return isUnbound && scheme === 'bearer' && dpop !== 'required' && !requireCertificate
}
