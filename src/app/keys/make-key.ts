import type { Config } from '../../config/config.ts'
import { generateApiKey, hashApiKey } from '../../identity/api-key.ts'
import { openPepper } from '../../identity/pepper.ts'
import type { KeyGrant, StoredKey } from '../../storage/key-store.ts'
import { changeKeys } from './change-keys.ts'

/** Whether something can be said of a key as an address or range of addresses. */
export { isAddressRange } from '../../identity/address-ranges.ts'

/** Whom a key is for and what it may do. */
export interface NewKey extends KeyGrant {
  readonly name: string
}

/** A key with its text, the secret to show once. */
export interface MadeKey {
  readonly text: string
  readonly stored: StoredKey
}

/** Makes an API key under the pepper of the installation. Nothing is stored yet but the pepper, where there was none. */
export async function newApiKey(config: Config, key: NewKey): Promise<MadeKey> {
  const pepper = openPepper({ directory: config.storage.directory }).readOrCreate()
  const { text, id } = generateApiKey()
  const stored: StoredKey = { id, ...key, hash: hashApiKey(text, pepper), createdAt: new Date().toISOString() }
  return { text, stored }
}

/**
 * Stores a key, its hash alone, and records that in the audit trail. A running server lets it in within seconds. Rejects with
 * `NAME_COLLISION`, `STORAGE_FAILED`, and with `AUDIT_UNAVAILABLE` where the key is stored but that could not be recorded.
 */
export async function storeApiKey(config: Config, key: StoredKey): Promise<void> {
  await changeKeys(config, (store) => {
    store.add(key)
    return { result: undefined, changes: [{ change: 'added', key }] }
  })
}
