/** Who calls, as established by a credential, a transport or the configuration. */
export interface Principal {
  /** Stable and unique: `key:3f9a…`, `local`, `anonymous`. Limits, sessions, cursors and records are bound to it. */
  readonly id: string
  /** For people: the name of the key. */
  readonly name: string
  readonly kind: 'api-key' | 'local' | 'anonymous'
  readonly tenant?: string
  readonly roles: readonly string[]
  /** Further attributes, as the credential or the configuration states them; rules about rows may go by them. */
  readonly claims?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** When the credential stops being valid, in milliseconds since the epoch; absent when it does not expire. */
  readonly expiresAt?: number
}
