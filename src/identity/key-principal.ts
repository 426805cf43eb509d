import type { StoredKey } from '../storage/key-store.ts'
import type { Principal } from './principal.ts'

/** What is kept of a key; `createdAt` is for people only. */
export type KeyRecord = Omit<StoredKey, 'createdAt'> & {
  /** Whether its text stands in the configuration; then it is hashed by `hashGivenKey`. */
  readonly isGiven?: boolean
}

/** Whoever holds a key: the same principal for each key of a client, so that a rotation changes nothing but the key. */
export function principalOfKey(key: KeyRecord): Principal {
  const { id, clientId = id, name, tenant, claims, scopes, rateClass } = key
  const endsAt = endOf(key)
  return Object.freeze({
    id: `key:${clientId}`,
    name,
    kind: 'api-key',
    credentialId: id,
    ...(tenant === undefined ? {} : { tenant }),
    ...(claims === undefined ? {} : { claims }),
    ...(scopes === undefined ? {} : { scopes: Object.freeze([...scopes]) }),
    ...(rateClass === undefined ? {} : { rateClass }),
    roles: Object.freeze([...key.roles]),
    ...(endsAt === undefined ? {} : { expiresAt: endsAt }),
  })
}

function endOf({ expiresAt, revokedAt }: KeyRecord): number | undefined {
  if (expiresAt === undefined) return revokedAt === undefined ? undefined : readTime(revokedAt)
  return revokedAt === undefined ? readTime(expiresAt) : Math.min(readTime(expiresAt), readTime(revokedAt))
}

/** A time in milliseconds. One that cannot be read must not be taken for never. */
export function readTime(text: string): number {
  const time = Date.parse(text)
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}
