/** Something that the embedded authorization server remembers. Ids are digests: none of them is a credential. */
export interface StoredGrantRecord {
  /** What it is: `AuthorizationCode`, `RefreshToken`, `Session`, … */
  readonly model: string
  readonly id: string
  /** Digest of the grant that it came from; all of a grant are revoked together. */
  readonly grantId?: string
  /** The user that it belongs to. */
  readonly accountId?: string
  /** A second id by which it is found. */
  readonly uid?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** When it was used up; milliseconds since the epoch. */
  readonly consumedAt?: number
  /** Sealed by whoever stores it. */
  readonly data: string
}

/** A private key that signs tokens, wrapped. */
export interface StoredSigningKey {
  readonly id: string
  readonly wrapped: string
  readonly createdAt: number
  /** From then on it is not published any more; absent for the one that signs. */
  readonly retiresAt?: number
}

/** How many of a model are kept, and what happens to one more. */
export interface RecordBound {
  readonly max: number
  /** `evict`: the one that expires first goes; `refuse`: the new one is not kept. */
  readonly whenFull: 'evict' | 'refuse'
}

/** What the embedded authorization server keeps. Several processes share it; every method is one transaction. */
export interface OAuthStore {
  /** Keeps it, in place of one with the same id. Answers `false` when there is no room. Expired ones go first. */
  put(record: StoredGrantRecord, bound: RecordBound, now: number): boolean
  /** Keeps it unless there is one with the same id that has not expired; answers whether it was kept. */
  add(record: StoredGrantRecord, bound: RecordBound, now: number): boolean
  /** One that has not expired. */
  find(model: string, id: string, now: number): StoredGrantRecord | undefined
  findByUid(model: string, uid: string, now: number): StoredGrantRecord | undefined
  /** Marks it as used up. Of two callers, in whatever processes, one is told `true`. */
  consume(model: string, id: string, now: number): boolean
  remove(model: string, id: string): void
  /** Removes everything that came from a grant, the grant itself too. Answers whether there was something. */
  removeGrant(grantId: string): boolean
  /** Removes everything of a user; answers how many grants there were. */
  removeAccount(accountId: string): number
  /** Of a user, of one model, that have not expired. */
  listOfAccount(model: string, accountId: string, now: number): readonly StoredGrantRecord[]
  /** Keys that are still published, the newest first. */
  listKeys(now: number): readonly StoredSigningKey[]
  /**
   * Keeps a new signing key and lets the others go at `retireAt`, unless a key that signs was made after `newerThan`: then
   * another process was first. Answers whether it was kept.
   */
  rotateKey(key: StoredSigningKey, at: { readonly newerThan: number; readonly retireAt: number }): boolean
}
