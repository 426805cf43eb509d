/** A local user at rest. */
export interface StoredUser {
  /** Stable: `sub` of the tokens. */
  readonly id: string
  /** What the user signs in with; lower case, unique. */
  readonly name: string
  readonly roles: readonly string[]
  readonly tenant?: string
  /** Argon2id; absent until the invitation was taken up. */
  readonly passwordHash?: string
  readonly isLocked: boolean
  /** Digest of the token in the link, and until when it may be used; milliseconds since the epoch. */
  readonly invitation?: { readonly digest: string; readonly expiresAt: number }
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly passwordChangedAt?: number
  readonly lastSignInAt?: number
}

/** Where local users are kept. Several processes share it. */
export interface UserStore {
  find(id: string): StoredUser | undefined
  findByName(name: string): StoredUser | undefined
  findByInvitation(digest: string): StoredUser | undefined
  list(): readonly StoredUser[]
  /** Answers `false` when the name is taken. */
  add(user: StoredUser): boolean
  /**
   * Changes a user in one transaction: `change` is given what is stored now and answers what to store, or `undefined` to
   * leave it. Answers what was stored, `undefined` when nothing was.
   */
  update(id: string, change: (user: StoredUser) => StoredUser | undefined): StoredUser | undefined
  /** Answers whether there was one. */
  remove(id: string): boolean
}
