import type { Config } from '../../config/config.ts'
import { principalOfKey } from '../../identity/key-principal.ts'
import type { Principal } from '../../identity/principal.ts'
import type { StoredKey } from '../../storage/key-store.ts'
import { openStorage } from '../../storage/open-storage.ts'

/** A key as it is listed: without its hash; `createdAt` is absent for one that stands in the config file. */
export type ListedKey = Omit<StoredKey, 'hash' | 'createdAt'> & { readonly createdAt?: string }

/** Whether a key lets anybody in, and if not, why. */
export type KeyState = 'valid' | 'ending' | 'expired' | 'revoked'

/** The keys of the configuration and of the storage, without their hashes. */
export async function listApiKeys(config: Config): Promise<readonly ListedKey[]> {
  const storage = openStorage({ directory: config.storage.directory })
  try {
    const given = config.access.keys.map(({ hash: _, isGiven: __, ...shown }): ListedKey => shown)
    return [...given, ...storage.keys.list().map(({ hash: _, ...shown }) => shown)]
  } finally {
    storage.close()
  }
}

/** `ending`: it is valid until the key that took its place is alone. */
export function stateOfKey({ revokedAt, expiresAt }: ListedKey, now: number): KeyState {
  if (revokedAt !== undefined && Date.parse(revokedAt) <= now) return 'revoked'
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return 'expired'
  return revokedAt === undefined ? 'valid' : 'ending'
}

/** Whoever holds the key. */
export function holderOfKey(key: ListedKey): Principal {
  return principalOfKey({ ...key, hash: '' })
}
