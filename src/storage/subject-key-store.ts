/** The key of a subject of the audit trail, at rest. */
export interface StoredSubject {
  /** Its pseudonym. */
  readonly subject: string
  /** The principal whose pseudonym it is. */
  readonly principalId: string
  /** The data key under the master key; base64url. Whoever has this file without the pepper cannot use it. */
  readonly wrappedKey: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

/** Where the keys of subjects are kept, outside the trail: destroying one makes what the trail says of its subject unreadable. */
export interface SubjectKeyStore {
  find(principalId: string): StoredSubject | undefined
  findSubject(subject: string): StoredSubject | undefined
  /** Keeps it, unless the principal has one already. Answers the one that is kept. */
  add(subject: StoredSubject): StoredSubject
  list(): readonly StoredSubject[]
  /** Destroys it, so that nothing of it is left in the files; throws when something may be. Answers whether there was one. */
  remove(subject: string): boolean
}
