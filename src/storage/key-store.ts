/** What an API key says of whoever sends it, beside its name. */
export interface KeyGrant {
  readonly roles: readonly string[]
  readonly tenant?: string
  /** What the key is limited to within its roles. Absent when it is not limited. */
  readonly scopes?: readonly string[]
  /** Further attributes of whoever holds it. */
  readonly claims?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** ISO 8601, UTC: from then on the key lets nobody in. Absent when it does not expire. */
  readonly expiresAt?: string
  /** Addresses and CIDR ranges from which alone it is valid. Absent when it is valid from everywhere. */
  readonly allowFrom?: readonly string[]
  /** Name of an entry of `limits.classes`. */
  readonly rateClass?: string
}

/** An API key at rest. The secret is not in it. */
export interface StoredKey extends KeyGrant {
  /** Public part, in the key's text after the prefix. */
  readonly id: string
  /** Whose key it is, where that is not told by its own id: the id of the first key of the same client. */
  readonly clientId?: string
  /** For people. */
  readonly name: string
  /** Hex HMAC-SHA-256 of the secret under the pepper. */
  readonly hash: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** ISO 8601, UTC: from then on it lets nobody in, for good. May lie ahead: a key that was replaced ends later. */
  readonly revokedAt?: string
  /** Why, in the words of whoever did it. */
  readonly revokedFor?: string
  /** ISO 8601, UTC: the hour in which it was last let in. */
  readonly usedAt?: string
}

/** How a key is taken out of use. */
export interface Revocation {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly reason?: string
}

/** A key in the place of those that its client has. */
export interface Rotation {
  /** The new key; `createdAt` is the time of the rotation, `clientId` says whose it is. */
  readonly key: StoredKey & { readonly clientId: string }
  /** When the keys before end, ISO 8601, UTC; one that ends earlier anyway does so. */
  readonly endsAt: string
}

/** Where API keys are kept. Each change is one step: of two processes that make it at once, one comes after the other. */
export interface KeyStore {
  find(id: string): StoredKey | undefined
  /** Throws `NAME_COLLISION` when the id is taken, or the name by a key of another client that is not revoked. */
  add(key: StoredKey): void
  /** In the order in which they were made, revoked ones among them. */
  list(): readonly StoredKey[]
  /**
   * Adds a key and lets the others of its client end. Throws `NAME_COLLISION` when its client would have a third key that is
   * valid, `NOT_CONFIGURED` when all its keys are revoked. Answers the keys that end.
   */
  rotate(rotation: Rotation): readonly StoredKey[]
  /** Answers the key as it is then; `undefined` when there is none. One that is revoked already stays as it is. */
  revoke(id: string, revocation: Revocation): StoredKey | undefined
  /** Notes the hours, ISO 8601, UTC, in which keys were let in, by id. Never goes back; unknown ids are left out. */
  noteUses(uses: ReadonlyMap<string, string>): void
  /** Forgets the keys that were revoked before a time; answers them. */
  sweep(before: string): readonly StoredKey[]
}

/** How many keys of one client may be valid at once: the one in use and the one that takes its place. */
export const MAX_LIVE_KEYS = 2
