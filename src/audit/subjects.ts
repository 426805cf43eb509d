import { randomBytes } from 'node:crypto'
import type { Observer } from '../observe/observation.ts'
import type { SubjectKeyStore } from '../storage/subject-key-store.ts'
import type { Introduction } from './audit-trail.ts'
import { SubjectKey } from './subject-key.ts'
import type { SubjectIdentity } from './trail-event.ts'

/** A principal as the trail knows it: by a pseudonym, with a key of its own. */
export interface Subject extends Introduction {
  readonly key: SubjectKey
  /** Whether the key is stored. One that could not be stored ends with the process, and what it sealed is nobody's to read. */
  readonly isKept: boolean
}

/** What is sealed of a principal. */
export interface Known {
  readonly id: string
  readonly name: string
  readonly kind: string
}

/** Finds the subject of a principal, making it at its first call. Never throws. */
export interface Subjects {
  of(principal: Known): Subject
}

/** What subjects are made with. */
export interface SubjectsOptions {
  readonly store: SubjectKeyStore
  /** Under which keys are wrapped: 32 bytes. Asked for when the first key is needed. */
  readonly masterKey: () => Uint8Array
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly observer: Observer
}

interface Remembered {
  readonly subject: Subject
  readonly until: number
}

/** After this the store is asked again: a key that another process has destroyed is not used any longer. */
const REMEMBER_MS = 10_000
const MAX_REMEMBERED = 10_000

/**
 * Pseudonyms and keys by principal, kept in the store. A key that was destroyed is not made again: the principal's next call
 * is that of a new subject.
 */
export function createSubjects(options: SubjectsOptions): Subjects {
  const remembered = new Map<string, Remembered>()
  return {
    of(principal) {
      const now = options.clock()
      const known = remembered.get(principal.id)
      if (known !== undefined && now < known.until) return known.subject
      const subject = refresh(options, principal, known?.subject)
      if (remembered.size >= MAX_REMEMBERED) remembered.clear()
      remembered.set(principal.id, { subject, until: now + REMEMBER_MS })
      return subject
    },
  }
}

function refresh(options: SubjectsOptions, principal: Known, known: Subject | undefined): Subject {
  try {
    const stored = options.store.find(principal.id)
    if (known?.isKept === true && stored?.subject === known.subject) return known
    return stored === undefined ? make(options, principal) : load(options, principal, stored)
  } catch (cause) {
    const message = 'The key of a subject of the audit trail cannot be stored or read.'
    options.observer({ type: 'fault', message, cause })
    return known ?? toSubject(principal, newPseudonym(), { isKept: false })
  }
}

function load(
  { masterKey }: SubjectsOptions,
  principal: Known,
  stored: { readonly subject: string; readonly wrappedKey: string },
): Subject {
  const key = SubjectKey.unwrap(stored.subject, stored.wrappedKey, masterKey())
  if (key === undefined) throw new Error('It was stored under another pepper.')
  return toSubject(principal, stored.subject, { isKept: true, key })
}

function make(options: SubjectsOptions, principal: Known): Subject {
  const pseudonym = newPseudonym()
  const masterKey = options.masterKey()
  const key = SubjectKey.create(pseudonym)
  const kept = options.store.add({
    subject: pseudonym,
    principalId: principal.id,
    wrappedKey: key.wrap(masterKey),
    createdAt: new Date(options.clock()).toISOString(),
  })
  return kept.subject === pseudonym
    ? toSubject(principal, pseudonym, { isKept: true, key })
    : load(options, principal, kept)
}

function toSubject(
  { id, name, kind }: Known,
  subject: string,
  { isKept, key = SubjectKey.create(subject) }: { readonly isKept: boolean; readonly key?: SubjectKey },
): Subject {
  const identity: SubjectIdentity = { principal: id, name, kind }
  return { subject, key, isKept, sealed: key.seal(JSON.stringify(identity)) }
}

/** How records name a credential of a subject: whoever holds the key of the subject can tell which one it is. */
export function pseudonymOfCredential({ key }: Pick<Subject, 'key'>, credentialId: string): string {
  return key.digest(`credential ${credentialId}`).slice(0, 22)
}

function newPseudonym(): string {
  return `s_${randomBytes(16).toString('base64url')}`
}
