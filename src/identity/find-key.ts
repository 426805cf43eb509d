import type { KeyStore, StoredKey } from '../storage/key-store.ts'
import { type AddressRanges, createAddressRanges } from './address-ranges.ts'
import { putBounded } from './bounded-map.ts'
import { type KeyRecord, principalOfKey, readTime } from './key-principal.ts'
import type { Principal } from './principal.ts'

/** Where keys are looked up. */
export type KeySource = Pick<KeyStore, 'find' | 'list'>

/** A key ready to be compared with. */
export interface KnownKey {
  readonly hash: Buffer
  readonly principal: Principal
  /** Whether it comes from storage. */
  readonly isStored: boolean
  /** Whether it is hashed by `hashGivenKey`. */
  readonly isGiven: boolean
  /** Milliseconds since the epoch. */
  readonly revokedAt?: number
  /** From where alone it is valid. */
  readonly ranges?: AddressRanges
}

/** Where keys are found by their public id. */
export interface KeyFinder {
  /**
   * Throws when storage fails. `isSuspect` is asked before storage is read for an id never seen to exist; for a suspect
   * the ids are listed once in two seconds, and only one that is listed is looked up.
   */
  find(id: string, isSuspect: () => boolean): KnownKey | undefined
}

/** Where a finder looks. */
export interface KeySources {
  /** Known from the start, never forgotten. */
  readonly keys: readonly KeyRecord[]
  /** Asked in turn; their answers are kept for two seconds. */
  readonly stores: readonly KeySource[]
  readonly clock: () => number
}

interface Remembered {
  readonly key: KnownKey | undefined
  readonly readAt: number
}

interface Listed {
  readonly ids: ReadonlySet<string>
  readonly readAt: number
}

const KEEP_MS = 2_000
const MAX_KEPT = 10_000

/**
 * Looks for keys among those given and then in storage. What storage answers is kept for two seconds: a key made or
 * removed by another process counts without a restart, and not every request is a read. Ids that exist and ids that do
 * not are kept apart and each bounded, so inventing ids pushes no real key out, takes no memory and, once the sender is
 * a suspect, no read either; yet the owner of a real key behind the same proxy is found.
 */
export function createKeyFinder({ keys, stores, clock }: KeySources): KeyFinder {
  const fixed = new Map(keys.map((key) => [key.id, toKnownKey(key, false)]))
  const present = new Map<string, Remembered>()
  const absent = new Map<string, Remembered>()

  const look = (id: string, readAt: number): KnownKey | undefined => {
    const stored = findFirst(stores, id)
    const key = stored === undefined ? undefined : toKnownKey(stored, true)
    putBounded(key === undefined ? absent : present, [id, { key, readAt }], MAX_KEPT)
    if (key === undefined) present.delete(id)
    else absent.delete(id)
    return key
  }

  let listed: Listed | undefined
  const isListed = (id: string, now: number): boolean => {
    if (listed === undefined || !isFresh(listed.readAt, now)) {
      listed = { ids: new Set(stores.flatMap((store) => store.list().map((key) => key.id))), readAt: now }
    }
    return listed.ids.has(id)
  }

  return {
    find(id, isSuspect) {
      const given = fixed.get(id)
      if (given !== undefined) return given
      const kept = present.get(id) ?? absent.get(id)
      const now = clock()
      if (kept !== undefined && isFresh(kept.readAt, now)) return kept.key
      return kept?.key !== undefined || !isSuspect() || isListed(id, now) ? look(id, now) : undefined
    },
  }
}

/** Read in the future means that the clock was set back; such an answer must not be kept until then. */
function isFresh(readAt: number, now: number): boolean {
  return now >= readAt && now - readAt < KEEP_MS
}

function findFirst(stores: readonly KeySource[], id: string): StoredKey | undefined {
  for (const store of stores) {
    const key = store.find(id)
    if (key !== undefined) return key
  }
  return undefined
}

function toKnownKey(key: KeyRecord, isStored: boolean): KnownKey {
  const { revokedAt, allowFrom, isGiven = false } = key
  return {
    hash: Buffer.from(key.hash, 'hex'),
    principal: principalOfKey(key),
    isStored,
    isGiven,
    ...(revokedAt === undefined ? {} : { revokedAt: readTime(revokedAt) }),
    ...(allowFrom === undefined ? {} : { ranges: createAddressRanges(allowFrom) }),
  }
}
