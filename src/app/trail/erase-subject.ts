import type { Config } from '../../config/config.ts'
import { isoTime } from '../../observe/iso-time.ts'
import { openStorage, type Storage } from '../../storage/open-storage.ts'
import type { StoredSubject } from '../../storage/subject-key-store.ts'
import { findSubjects } from './find-subjects.ts'
import { recordNow } from './record-now.ts'

/** What an erasure does, or would do. */
export interface Erasure {
  /** Pseudonyms whose keys are destroyed. */
  readonly erased: readonly string[]
  /** Pseudonyms that a legal hold keeps; then nothing is erased. */
  readonly held: readonly string[]
}

/** What is to be erased. */
export interface ErasureRequest {
  /** Id of a principal, name of an API key, or a pseudonym. */
  readonly who: string
  /** Stands in the trail for good, readable for everybody. */
  readonly reason?: string
}

/** What an erasure would do; nothing is changed. Throws `STORAGE_FAILED`. */
export function planErasure(config: Config, who: string): Erasure {
  const storage = openStorage({ directory: config.storage.directory })
  try {
    return toErasure(findSubjects(config, storage, who), findHeld(config, storage))
  } finally {
    storage.close()
  }
}

/**
 * Destroys the keys of a principal, so that identity, payloads and digests under its pseudonyms mean nothing any more, in every
 * copy of the trail. The record of it is on disk before: what cannot be recorded is not done. A running server uses a key for at
 * most ten seconds longer. Rejects with `AUDIT_UNAVAILABLE` and `STORAGE_FAILED`; done again, it goes on.
 */
export async function eraseSubject(config: Config, { who, reason }: ErasureRequest): Promise<Erasure> {
  const storage = openStorage({ directory: config.storage.directory })
  try {
    const erasure = toErasure(findSubjects(config, storage, who), findHeld(config, storage))
    for (const subject of erasure.held) await recordNow(config, { time: now(), event: 'subject.held', subject })
    if (erasure.held.length > 0) return { ...erasure, erased: [] }
    const why = reason === undefined ? {} : { reason }
    for (const subject of erasure.erased) {
      await recordNow(config, { time: now(), event: 'subject.erased', subject, ...why })
      storage.subjectKeys.remove(subject)
    }
    // Its key may be out of the table already and still in the journal.
    if (erasure.erased.length === 0) storage.subjectKeys.remove(who)
    return erasure
  } finally {
    storage.close()
  }
}

function toErasure(subjects: readonly StoredSubject[], kept: ReadonlySet<string>): Erasure {
  const all = subjects.map(({ subject }) => subject)
  return { erased: all.filter((subject) => !kept.has(subject)), held: all.filter((subject) => kept.has(subject)) }
}

function findHeld(config: Config, storage: Storage): ReadonlySet<string> {
  const held = config.audit.holds.flatMap((who) => findSubjects(config, storage, who))
  return new Set(held.map(({ subject }) => subject))
}

function now(): string {
  return isoTime(Date.now())
}
