import { allRevoked, nameTaken, tooManyLiveKeys } from '../key-failures.ts'
import { type KeyStore, MAX_LIVE_KEYS, type StoredKey } from '../key-store.ts'

/** Keys that live as long as the process: for tests, and for keys made at start. */
export function createMemoryKeyStore(keys: readonly StoredKey[] = []): KeyStore {
  const byId = new Map<string, StoredKey>()
  const put = (key: StoredKey): StoredKey => {
    const kept = freezeDeep(structuredClone(key))
    byId.set(key.id, kept)
    return kept
  }
  const store: KeyStore = {
    find: (id) => byId.get(id),
    add(key) {
      requireFree(byId, key)
      put(key)
    },
    list: () => [...byId.values()].sort(byCreation),
    rotate({ key, endsAt }) {
      const own = [...byId.values()].filter(
        (each) => clientOf(each) === key.clientId && !isRevoked(each, key.createdAt),
      )
      if (own.length === 0) throw allRevoked(key.name)
      const ended = own.map((each) => ({ ...each, ...endOf(each, endsAt) }))
      if (ended.filter((each) => isLive(each, key.createdAt)).length >= MAX_LIVE_KEYS) throw tooManyLiveKeys(key.name)
      store.add(key)
      return ended.map(put)
    },
    revoke(id, { at, reason }) {
      const key = byId.get(id)
      if (key === undefined || isRevoked(key, at)) return key
      const { revokedFor: _, ...rest } = key
      return put({ ...rest, revokedAt: at, ...(reason === undefined ? {} : { revokedFor: reason }) })
    },
    noteUses(uses) {
      for (const [id, usedAt] of uses) {
        const key = byId.get(id)
        if (key !== undefined && (key.usedAt ?? '') < usedAt) put({ ...key, usedAt })
      }
    },
    sweep(before) {
      const swept = store.list().filter((key) => isRevoked(key, before))
      for (const { id } of swept) byId.delete(id)
      return swept
    },
  }
  for (const key of keys) store.add(key)
  return store
}

function requireFree(byId: ReadonlyMap<string, StoredKey>, key: StoredKey): void {
  if (byId.has(key.id)) throw nameTaken('id', key.id)
  const others = [...byId.values()].filter((other) => clientOf(other) !== clientOf(key))
  const isTaken = others.some((other) => other.name === key.name && !isRevoked(other, key.createdAt))
  if (isTaken) throw nameTaken('name', key.name)
}

function clientOf({ id, clientId = id }: StoredKey): string {
  return clientId
}

function isRevoked({ revokedAt }: StoredKey, at: string): boolean {
  return revokedAt !== undefined && revokedAt <= at
}

function isLive(key: StoredKey, at: string): boolean {
  return !isRevoked(key, at) && (key.expiresAt === undefined || key.expiresAt > at)
}

function endOf({ revokedAt }: StoredKey, endsAt: string): Partial<StoredKey> {
  return revokedAt !== undefined && revokedAt <= endsAt ? {} : { revokedAt: endsAt, revokedFor: 'rotated' }
}

function byCreation(one: StoredKey, other: StoredKey): number {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1
  return one.id < other.id ? -1 : 1
}

function freezeDeep<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) freezeDeep(item)
  return Object.freeze(value)
}
