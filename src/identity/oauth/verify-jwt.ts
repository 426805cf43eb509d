import type { JWTHeaderParameters } from 'jose'
import { type IssuerSettings, plainType } from './issuer-settings.ts'
import type { KeySet } from './key-set.ts'
import type { Claims } from './map-claims.ts'

/** A JWT taken apart; nothing of it is believed. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Claims
}

/** How the reason begins where a signature is not that of the key it names. */
export const WRONG_FOR_EVER = 'jose: '

const JWT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/
const MAX_KID = 512
/** Of an ID token alone (OIDC Core §3.1.3.6, §3.3.2.11). */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash']

/** Takes a token apart; `undefined` when it is no signed JWT, and so opaque to everybody but its issuer. */
export function decodeJwt(token: string): DecodedJwt | undefined {
  const [, first, second, third] = JWT.exec(token) ?? []
  if (![first, second, third].every(isCanonical)) return undefined
  const header = readObject(first)
  const claims = readObject(second)
  return header === undefined || claims === undefined || !('alg' in header) ? undefined : { header, claims }
}

/** Spare bits at the end of a part would let one signature be spelt in several ways. */
function isCanonical(part: string | undefined): boolean {
  return part !== undefined && Buffer.from(part, 'base64url').toString('base64url') === part
}

function readObject(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined
  } catch {
    return undefined
  }
}

/** What a JWT is verified against. */
export interface JwtCheck {
  readonly settings: IssuerSettings
  readonly audiences: readonly string[]
  readonly keys: KeySet
  readonly nowMs: number
}

/**
 * Verifies an access token (RFC 9068 §4) and answers its claims or, as text, why it is refused. What can be told without
 * cryptography comes first, so that garbage is cheap. Rejects with `KeysUnavailable` while the issuer's keys cannot be had.
 */
export async function verifyJwt(token: string, decoded: DecodedJwt, check: JwtCheck): Promise<Claims | string> {
  const mistake = checkHeader(decoded, check.settings) ?? checkClaims(decoded.claims, check)
  if (mistake !== undefined) return mistake
  const key = await check.keys.find(decoded.header as unknown as JWTHeaderParameters)
  if (key === undefined) return 'no key of the issuer fits'
  return verifySignature(token, key, check)
}

/** RFC 8725 §3: what the token asks for is held against a list; keys that it brings or points to are never looked at. */
function checkHeader({ header, claims }: DecodedJwt, settings: IssuerSettings): string | undefined {
  const { alg, typ, kid } = header
  if (!settings.algorithms.some((allowed) => allowed === alg)) return 'its algorithm is not allowed'
  if (typ !== undefined && typeof typ !== 'string') return 'its type is no text'
  if (!settings.tokenTypes.has(typ === undefined ? 'none' : plainType(typ))) return 'its type is not allowed'
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID)) return 'its kid is no text'
  if ('crit' in header) return 'it has critical header parameters'
  if (ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(claims, name))) return 'it is an ID token'
  const isMarked = typ !== undefined && plainType(typ) === 'at+jwt'
  // A token whose header says that it is an access token need not say it again.
  const wrong = Object.entries(settings.fixed).find(([name, allowed]) =>
    Object.hasOwn(claims, name) ? !allowed.some((value) => value === claims[name]) : !isMarked,
  )
  return wrong === undefined ? undefined : `its ${wrong[0]} is not allowed`
}

const REQUIRED = ['exp', 'iat', 'sub', 'aud', 'iss']

function checkClaims(claims: Claims, { settings, audiences, nowMs }: JwtCheck): string | undefined {
  const missing = REQUIRED.find((name) => !Object.hasOwn(claims, name))
  if (missing !== undefined) return `no ${missing}`
  if (claims.iss !== settings.issuer) return 'another issuer'
  if (!hasAudience(claims.aud, audiences)) return 'for another audience'
  return checkTimes(claims, settings, nowMs)
}

/** RFC 7519 §4.1.3: exactly one of ours, among few others; nothing is a prefix or a pattern. */
export function hasAudience(stated: unknown, audiences: readonly string[]): boolean {
  const list: readonly unknown[] = Array.isArray(stated) ? stated : [stated]
  return (
    list.length <= 32 &&
    list.every((one) => typeof one === 'string') &&
    list.some((one) => audiences.includes(one as string))
  )
}

/** Also of what an introspection endpoint answers, where `iat` may be missing. */
export function checkTimes(claims: Claims, settings: IssuerSettings, nowMs: number): string | undefined {
  const { exp, iat, nbf } = claims
  const now = nowMs / 1000
  const tolerance = settings.clockToleranceSeconds
  if ([exp, iat, nbf].some((time) => time !== undefined && !isTime(time))) return 'a time that is none'
  if (isTime(exp) && exp + tolerance <= now) return 'expired'
  if (isTime(nbf) && nbf - tolerance > now) return 'not valid yet'
  if (isTime(iat) && iat - tolerance > now) return 'issued in the future'
  if (isTime(iat) && iat + settings.maxTokenAgeSeconds + tolerance <= now) return 'issued too long ago'
  return undefined
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 && value < 1e11
}

/** jose checks what was checked before once more, over what was signed. */
async function verifySignature(
  token: string,
  key: Parameters<typeof import('jose').jwtVerify>[1],
  { settings, audiences, nowMs }: JwtCheck,
): Promise<Claims | string> {
  const { jwtVerify, errors } = await import('jose')
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [...settings.algorithms],
      issuer: settings.issuer,
      audience: [...audiences],
      requiredClaims: REQUIRED,
      clockTolerance: settings.clockToleranceSeconds,
      maxTokenAge: settings.maxTokenAgeSeconds,
      currentDate: new Date(nowMs),
    })
    return payload
  } catch (thrown) {
    return thrown instanceof errors.JOSEError ? WRONG_FOR_EVER + thrown.code : 'the signature cannot be checked'
  }
}
