// What the trail says of itself: whose records it has, who held, read or shortened it, and what it vouches for.

/** Who a pseudonym is, for whoever holds the subject's key. Stands in every segment before the first use of the pseudonym. */
export interface SubjectIntroduced {
  readonly event: 'subject.introduced'
  readonly time: string
  readonly subject: string
  /** JSON of `SubjectIdentity`, sealed like a payload. */
  readonly sealed: string
}

/** What `subject.introduced` seals. */
export interface SubjectIdentity {
  readonly principal: string
  readonly name: string
  readonly kind: string
}

/**
 * The key of a subject is destroyed: identity, payloads and digests of it mean nothing any more. On disk before that is done;
 * where it fails, whoever asked is told, and a second record follows when it is done again.
 */
export interface SubjectErased {
  readonly event: 'subject.erased'
  readonly time: string
  readonly subject: string
  /** Why and on whose request, in the words of whoever did it. */
  readonly reason?: string
}

/** Somebody asked for an erasure, and a legal hold kept it from being done. */
export interface SubjectHeld {
  readonly event: 'subject.held'
  readonly time: string
  readonly subject: string
}

/** A legal hold was laid on a subject, or on all records of a time, or taken off; one record for each subject of it. */
export interface HoldChanged {
  readonly event: 'hold.changed'
  readonly time: string
  readonly change: 'added' | 'removed'
  /** Id of the hold. */
  readonly hold: string
  readonly subject?: string
  /** From, and up to but without; ISO 8601. */
  readonly since?: string
  readonly until?: string
  /** The user of the operating system, on the command line. */
  readonly by: string
  /** In the words of whoever did it. */
  readonly reason?: string
}

/** A signed statement about all records before this one. Every segment begins with one. */
export interface Checkpoint {
  readonly event: 'checkpoint'
  readonly time: string
  /** How many records it covers: those with a smaller `seq`. */
  readonly size: number
  /** Signed note (C2SP signed-note, tlog-checkpoint): origin, size, root, an empty line, the signature. */
  readonly note: string
  /** Roots of the perfect subtrees of the Merkle tree (RFC 6962) at this size, greatest first; base64url. */
  readonly frontier: readonly string[]
  /** Hash of the record before, so that a segment can be checked when those before it are gone. */
  readonly prev: string
}

/**
 * Whole segments at the beginning of the chain are removed because of their age. On disk, and covered by a checkpoint, before the
 * first of them is: after a crash in between some may still be there, and a second record follows when they go.
 */
export interface Retention {
  readonly event: 'retention'
  readonly time: string
  /** The first record that goes; those before it went earlier. */
  readonly firstSeq: number
  /** The first record that stays. */
  readonly keptFrom: number
  /** How many go. */
  readonly records: number
  /** The latest time in a record that goes. */
  readonly removedUntil: string
  /** Hash of the last record that goes: what the first one that stays follows. */
  readonly head: string
}

/** Something is missing, and why. */
export interface Gap {
  readonly event: 'gap'
  readonly time: string
  /**
   * `unwritable`: the disk took nothing and there was no room to keep `lost` records. `torn`: the process before died while
   * it wrote; `bytes` of unfinished, never acknowledged lines were put aside.
   */
  readonly reason: 'unwritable' | 'torn'
  readonly since?: string
  readonly lost?: number
  readonly bytes?: number
}

/** A place that gets copies of the records did not take them. */
export interface SinkFailed {
  readonly event: 'sink.failed'
  readonly time: string
  readonly sink: string
  readonly reason: string
}

/** Somebody read the trail. */
export interface TrailRead {
  readonly event: 'trail.read'
  readonly time: string
  readonly by: string
  readonly action: 'search' | 'export' | 'subject'
  readonly query?: string
  readonly records?: number
}
