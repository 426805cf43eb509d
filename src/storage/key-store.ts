/** An API key at rest. The secret is not in it. */
export interface StoredKey {
  /** Public part, in the key's text after the prefix. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** Hex HMAC-SHA-256 of the secret under the pepper. */
  readonly hash: string
  readonly roles: readonly string[]
  readonly tenant?: string
  /** Further attributes of whoever holds it; in keys of the configuration alone. */
  readonly claims?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** ISO 8601, UTC: from then on the key lets nobody in. Absent when it does not expire. */
  readonly expiresAt?: string
}

/** Where API keys are kept. */
export interface KeyStore {
  find(id: string): StoredKey | undefined
  add(key: StoredKey): void
  list(): readonly StoredKey[]
}
