/** Who calls, as established by a credential, a transport or the configuration. */
export interface Principal {
  /**
   * Stable and unique: `key:<client>`, `oauth:<issuer>:<sub>`, `certificate:<identity>`, `local`, `anonymous`. Limits, sessions,
   * cursors and records are bound to it.
   */
  readonly id: string
  /** For people: the name of the key. */
  readonly name: string
  readonly kind: 'api-key' | 'oauth' | 'certificate' | 'local' | 'anonymous'
  readonly tenant?: string
  /** The person behind it, where the credential states one: the subject of a token. Rules about rows may go by it. */
  readonly user?: string
  readonly roles: readonly string[]
  /**
   * What the credential itself is limited to, within what the roles allow. Absent when it is not limited; empty, when it
   * grants nothing that wants a scope.
   */
  readonly scopes?: readonly string[]
  /** Which of its credentials it came with: the public id of the key. A rotation changes it and leaves `id` as it is. */
  readonly credentialId?: string
  /** Which entry of `limits.classes` bounds it, in the place of the limits of its roles. */
  readonly rateClass?: string
  /** The OAuth client that acts for the user (RFC 9068 §2.2 `client_id`). */
  readonly clientId?: string
  /** Further attributes, as the credential or the configuration states them; rules about rows may go by them. */
  readonly claims?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** When the credential stops being valid, in milliseconds since the epoch; absent when it does not expire. */
  readonly expiresAt?: number
}
