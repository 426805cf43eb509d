import { toEntry } from '../audit/audit-trail.ts'
import type { Config } from '../config/config.ts'
import { generateApiKey, hashApiKey } from '../identity/api-key.ts'
import { openPepper } from '../identity/pepper.ts'
import type { StoredKey } from '../storage/key-store.ts'
import { openStorage } from '../storage/open-storage.ts'
import { createAuditTrail } from './audit.ts'

/** Whom a key is for and what it may do. */
export interface NewKey {
  readonly name: string
  readonly roles: readonly string[]
  readonly tenant?: string
  /** ISO 8601, UTC. */
  readonly expiresAt?: string
}

/** A key as it is listed: without its hash; `createdAt` is absent for one that stands in the config file. */
export type ListedKey = Omit<StoredKey, 'hash' | 'createdAt'> & { readonly createdAt?: string }

/** Makes an API key under the pepper of the installation. `text` is the secret to show once; nothing is stored yet. */
export async function newApiKey(config: Config, key: NewKey): Promise<{ text: string; stored: StoredKey }> {
  const pepper = openPepper({ directory: config.storage.directory }).readOrCreate()
  const { text, id } = generateApiKey()
  const stored: StoredKey = { id, ...key, hash: hashApiKey(text, pepper), createdAt: new Date().toISOString() }
  return { text, stored }
}

/**
 * Stores a key, its hash alone, and records that in the audit trail. A running server lets it in within seconds. Rejects with
 * `STORAGE_FAILED`, and with `AUDIT_UNAVAILABLE` where the key is stored but that could not be recorded.
 */
export async function storeApiKey(config: Config, key: StoredKey): Promise<void> {
  const storage = openStorage({ directory: config.storage.directory })
  const audit = createAuditTrail(config, { clock: Date.now, observer: () => undefined })
  try {
    storage.keys.add(key)
    const { id: keyId, roles, createdAt: time } = key
    await audit.record(toEntry({ time, event: 'key.changed', change: 'added', keyId, roles }))
  } finally {
    await audit.close()
    storage.close()
  }
}

/** The keys of the configuration and of the storage, without their hashes. */
export async function listApiKeys(config: Config): Promise<readonly ListedKey[]> {
  const storage = openStorage({ directory: config.storage.directory })
  try {
    return [...config.access.keys, ...storage.keys.list()].map(({ hash: _, ...shown }) => shown)
  } finally {
    storage.close()
  }
}
