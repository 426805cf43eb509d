/** Where a record stands: the chain, the file of it, the byte at which its line begins. */
export interface RecordPlace {
  readonly chain: string
  readonly segment: string
  readonly offset: number
  /** Bytes of the line without its end. */
  readonly length: number
}

/** What can be searched for without reading the record. */
export interface IndexedRecord {
  readonly offset: number
  readonly length: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly event: string
  readonly callId?: string
  readonly subject?: string
  readonly name?: string
  readonly status?: string
  readonly code?: string
  readonly decision?: string
}

/** Which records are meant; all that is given must hold. */
export interface IndexQuery {
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number
  /** Milliseconds since 1970, exclusive. */
  readonly until?: number
  readonly event?: string
  readonly callId?: string
  /** One of these; an empty list means nobody. */
  readonly subjects?: readonly string[]
  readonly name?: string
  readonly status?: string
  readonly code?: string
  readonly decision?: string
}

/** A stretch of a segment. */
export interface Stretch {
  readonly chain: string
  readonly segment: string
  readonly from: number
  readonly to: number
}

/**
 * Finds records of the audit trail without reading it. Everything in it comes from the trail and can be made again; it is never
 * the authority. Throws `ToolgateError` `STORAGE_FAILED`.
 */
export interface AuditIndex {
  /** Up to which byte each segment is in it, by segment. */
  indexed(chain: string): ReadonlyMap<string, number>
  /** The chains of which something is in it. */
  chains(): readonly string[]
  /**
   * Adds the records of a stretch; all of them or none. `false` when the segment is not indexed up to `from`: then another
   * process was faster.
   */
  add(stretch: Stretch, records: readonly IndexedRecord[]): boolean
  /** Drops everything about a segment, or so many records of it. Answers whether there is more to drop. */
  forget(chain: string, segment: string, atMost?: number): boolean
  /** The records that are meant, newest first. */
  find(query: IndexQuery): Iterable<RecordPlace>
  close(): void
}
