import type { JWK } from 'jose'
import type { ReplayStore } from '../../storage/replay-store.ts'
import type { DpopNonces } from './dpop-nonce.ts'
import { decodeJwt } from './verify-jwt.ts'

/** What a proof must fit. */
export interface DpopCheck {
  readonly method: string
  /** Of the request, without query, as clients know it. */
  readonly url: string
  /** SHA-256 of the access token, base64url. */
  readonly tokenHash: string
  /** `cnf.jkt` of the access token. */
  readonly thumbprint: string
  readonly nonces: DpopNonces | undefined
  readonly replays: ReplayStore
  readonly nowMs: number
}

/** Algorithms of proofs (RFC 9449 §4.2: asymmetric ones alone). */
export const DPOP_ALGORITHMS: readonly string[] = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'RS256']

/** The proof is right but for its nonce (RFC 9449 §9). */
export const NONCE_WANTED = 'use a nonce of this server'

const MAX_PROOF = 4096
const MAX_AGE_SECONDS = 60
const TOLERANCE_SECONDS = 30
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Verifies a proof that the client has the key of its token (RFC 9449 §4.3). `undefined` when it has; else, as text, why not.
 * Its `jti` is used up last, after everything else has been checked.
 */
export async function verifyDpop(proof: string, check: DpopCheck): Promise<string | undefined> {
  const decoded = proof.length > MAX_PROOF ? undefined : decodeJwt(proof)
  if (decoded === undefined) return 'the proof is no JWT'
  const { header, claims } = decoded
  const mistake = checkHeader(header) ?? checkClaims(claims, check)
  if (mistake !== undefined) return mistake
  const signed = await checkSignature(proof, header.jwk as JWK, check)
  if (signed !== undefined) return signed
  if (check.nonces !== undefined && !check.nonces.isValid(claims.nonce)) return NONCE_WANTED
  const expiresAt = check.nowMs + (MAX_AGE_SECONDS + 2 * TOLERANCE_SECONDS + 1) * 1000
  const isFirst = await check.replays.use(`${check.thumbprint} ${claims.jti}`, check.thumbprint, expiresAt)
  return isFirst ? undefined : 'the proof was used before'
}

function checkHeader({ typ, alg, jwk, ...others }: Readonly<Record<string, unknown>>): string | undefined {
  if (typ !== 'dpop+jwt') return 'the proof is of another type'
  if (typeof alg !== 'string' || !DPOP_ALGORITHMS.includes(alg)) return 'the algorithm of the proof is not allowed'
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'the proof has no key'
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return 'the key of the proof is not public'
  return 'crit' in others ? 'the proof has critical header parameters' : undefined
}

function checkClaims(claims: Readonly<Record<string, unknown>>, check: DpopCheck): string | undefined {
  const { htm, htu, ath, iat, jti } = claims
  if (htm !== check.method) return 'the proof is for another method'
  if (typeof htu !== 'string' || plainUrl(htu) !== plainUrl(check.url)) return 'the proof is for another URL'
  if (ath !== check.tokenHash) return 'the proof is for another token'
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) return 'the proof has no jti'
  const now = check.nowMs / 1000
  const isInTime =
    typeof iat === 'number' && iat <= now + TOLERANCE_SECONDS && iat >= now - MAX_AGE_SECONDS - TOLERANCE_SECONDS
  return isInTime ? undefined : 'the proof is too old, or of the future'
}

/** RFC 9449 §4.3: without query and fragment, normalised as RFC 3986 §6.2.2 has it. */
function plainUrl(url: string): string | undefined {
  try {
    const { origin, pathname, username, password } = new URL(url)
    return username === '' && password === '' ? origin + pathname : undefined
  } catch {
    return undefined
  }
}

async function checkSignature(proof: string, jwk: JWK, { thumbprint }: DpopCheck): Promise<string | undefined> {
  const { calculateJwkThumbprint, EmbeddedJWK, compactVerify } = await import('jose')
  try {
    if ((await calculateJwkThumbprint(jwk)) !== thumbprint) return 'the proof is made with another key'
    await compactVerify(proof, EmbeddedJWK, { algorithms: [...DPOP_ALGORITHMS] })
    return undefined
  } catch {
    return 'the signature of the proof is wrong'
  }
}
