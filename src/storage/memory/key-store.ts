import type { KeyStore, StoredKey } from '../key-store.ts'
import { nameTaken } from '../name-taken.ts'

/** Keys that live as long as the process: for tests, and for keys made at start. */
export function createMemoryKeyStore(keys: readonly StoredKey[] = []): KeyStore {
  const byId = new Map<string, StoredKey>()
  const store: KeyStore = {
    find: (id) => byId.get(id),
    add(key) {
      for (const { id, name } of byId.values()) {
        if (id === key.id) throw nameTaken('id', id)
        if (name === key.name) throw nameTaken('name', name)
      }
      byId.set(key.id, Object.freeze({ ...key, roles: Object.freeze([...key.roles]) }))
    },
    list: () => [...byId.values()],
  }
  for (const key of keys) store.add(key)
  return store
}
