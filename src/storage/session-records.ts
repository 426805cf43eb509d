/** A session at rest, whole enough for another process to go on with it. */
export interface SessionRecord {
  /** Unguessable. */
  readonly id: string
  readonly principalId: string
  /** Milliseconds since 1970; from then on the session has ended. */
  readonly expiresAt: number
  /** Grows by one with every change of `data`. */
  readonly revision: number
  /** What was agreed and set. The store does not look into it. */
  readonly data: string
}

/**
 * What the processes of one server know of each other's sessions. Every function may answer at once or later. What it did
 * is seen by every process once it has answered. `sessionRecordsSuite` in toolgate/testkit is the contract as tests.
 */
export interface SessionRecords {
  add(record: SessionRecord): void | Promise<void>
  /** Also gives what has expired but was not removed yet. */
  find(id: string): SessionRecord | undefined | Promise<SessionRecord | undefined>
  /** Puts new `data` in the place of the revision before it; `false` when that is not the one that is kept. */
  replace(record: SessionRecord): boolean | Promise<boolean>
  /** Moves the end, never to an earlier time, and gives the record as it is now; `undefined` when there is none. */
  touch(id: string, expiresAt: number): SessionRecord | undefined | Promise<SessionRecord | undefined>
  remove(id: string): void | Promise<void>
  /** Removes every record that has expired by `now`; nothing to do where records expire by themselves. */
  removeExpired(now: number): void | Promise<void>
  /**
   * Tells the id of each record that was replaced or removed, by whichever process. It may be told late or, while the
   * store cannot be reached, not at all. Returns how to stop.
   */
  watch(listener: (id: string) => void): () => void
}
