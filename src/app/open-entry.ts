import type { Config } from '../config/config.ts'
import { createKeyUses, type KeyUses } from '../identity/key-uses.ts'
import type { Pepper } from '../identity/pepper.ts'
import type { Observer } from '../observe/observation.ts'
import type { Guards } from '../pipeline/guards.ts'
import type { StoredKey } from '../storage/key-store.ts'
import { openKeyUseStore } from '../storage/open-key-use-store.ts'
import { openReplayStore } from '../storage/open-replay-store.ts'
import type { Storage } from '../storage/open-storage.ts'
import { type Access, createAccess } from './access.ts'
import { Authorization } from './authorization.ts'
import { deriveKey } from './derive-key.ts'
import { createOAuthOpener, type ServedAt } from './oauth-opener.ts'

/** Everything that lets callers in, under one configuration after the other. */
export interface Entry {
  /** Who may be let in under a configuration. */
  readonly openAccess: (config: Config) => Promise<Access>
  /** The same, under the one that it starts with. */
  readonly access: Access
  readonly authorization: Authorization
  readonly servedAt: ServedAt
  /** Ends what is asked of others to let somebody in. */
  readonly closing: AbortController
  /** Remembers proofs that were used. */
  readonly replays: { close(): void }
  /** Notes when keys were last used. */
  readonly keyUses: KeyUses
}

interface Parts {
  readonly pepper: Pepper
  readonly storage: Storage
  /** Keys of this process alone. */
  readonly keys: readonly StoredKey[]
  readonly clock: () => number
  readonly observe: Observer
  /** Of the moment. */
  readonly guards: () => Guards
}

/** Opens it. Nothing is asked of anybody before somebody has to be let in. */
export async function openEntry(config: Config, parts: Parts): Promise<Entry> {
  const { pepper, storage, keys, clock, observe: observer, guards } = parts
  const keyUses = createKeyUses({ store: openKeyUseStore(config.storage), clock, observer })
  const servedAt: ServedAt = { origin: undefined }
  const closing = new AbortController()
  const replays = openReplayStore(config.storage, clock)
  const authorization = new Authorization({ pepper, storage, observer, clock, guards })
  const openOAuth = createOAuthOpener({
    ...{ servedAt, clock, observer, signal: closing.signal },
    nonceKey: deriveKey(pepper, 'toolgate dpop nonce 1'),
    replays,
    embedded: () => authorization.current,
  })
  const keyParts = { pepper, store: storage.keys, keys, uses: keyUses }
  const openAccess = async (wanted: Config): Promise<Access> =>
    createAccess(wanted, { ...keyParts, clock, observer, oauth: await openOAuth(wanted) })
  return { access: await openAccess(config), openAccess, authorization, servedAt, closing, replays, keyUses }
}
