import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto'
import type { OAuthStore } from '../storage/oauth-store.ts'
import type { Secrets } from './seal.ts'

/** A key of the server as JWK (RFC 7517), with `kid`, `alg` and `use`. */
export type SigningJwk = JsonWebKey & { readonly kid: string; readonly alg: string; readonly use: 'sig' }

/** The keys that sign tokens. They lie in the storage, wrapped under the pepper; every process has the same ones. */
export interface SigningKeys {
  /** Private keys, the one that signs first. Makes the first one; renews one that is too old. */
  read(): readonly SigningJwk[]
  /** Public parts of all that are published. */
  jwks(): { readonly keys: readonly SigningJwk[] }
  /** Makes a new key sign at once. The others are published until the tokens they signed have expired, or no more. */
  rotate(options?: { readonly isCompromised?: boolean }): SigningJwk
}

interface Parts {
  readonly store: OAuthStore
  readonly secrets: Secrets
  readonly clock: () => number
  readonly rotationMs: number
  readonly accessTokenMs: number
}

export const SIGNING_ALG = 'ES256'
const CONTEXT = 'oauth signing key'
const LOOK_MS = 2_000
const SLACK_MS = 60_000

/** Signing keys in the storage; another process' new key is noticed within two seconds. */
export function createSigningKeys(parts: Parts): SigningKeys {
  const { store, clock, rotationMs } = parts
  let known: readonly SigningJwk[] = []
  let lookedAt = Number.NEGATIVE_INFINITY

  const load = (): readonly SigningJwk[] => {
    const now = clock()
    const newest = store.listKeys(now).find(({ retiresAt }) => retiresAt === undefined)
    if (newest === undefined || now - newest.createdAt >= rotationMs) make(parts, newest?.createdAt ?? -1, false)
    known = store
      .listKeys(clock())
      .toSorted(signingFirst)
      .map(({ id, wrapped }) => unwrap(parts, id, wrapped))
    lookedAt = now
    return known
  }

  const read = (): readonly SigningJwk[] => (Math.abs(clock() - lookedAt) < LOOK_MS ? known : load())
  return {
    read,
    jwks: () => ({ keys: read().map(publicPart) }),
    rotate({ isCompromised = false } = {}) {
      make(parts, Number.POSITIVE_INFINITY, isCompromised)
      return publicPart(load()[0] as SigningJwk)
    },
  }
}

function signingFirst(a: { readonly retiresAt?: number }, b: { readonly retiresAt?: number }): number {
  return Number(a.retiresAt !== undefined) - Number(b.retiresAt !== undefined)
}

function make({ store, secrets, clock, accessTokenMs }: Parts, newerThan: number, isCompromised: boolean): void {
  const now = clock()
  const id = randomBytes(12).toString('base64url')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const wrapped = secrets.sealer.seal(privateKey.export({ format: 'jwk' }), `${CONTEXT} ${id}`)
  const retireAt = isCompromised ? now : now + accessTokenMs + SLACK_MS
  store.rotateKey({ id, wrapped, createdAt: now }, { newerThan, retireAt })
}

function unwrap({ secrets }: Parts, id: string, wrapped: string): SigningJwk {
  const jwk = secrets.sealer.open(wrapped, `${CONTEXT} ${id}`) as JsonWebKey | undefined
  if (jwk === undefined) throw new Error('A signing key in storage was made under another pepper.')
  return { ...jwk, kid: id, alg: SIGNING_ALG, use: 'sig' }
}

function publicPart({ d: _, ...jwk }: SigningJwk): SigningJwk {
  return jwk as SigningJwk
}
