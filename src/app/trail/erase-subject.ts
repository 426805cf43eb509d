import type { Config } from '../../config/config.ts'
import { isoTime } from '../../observe/iso-time.ts'
import { openStorage, type Storage } from '../../storage/open-storage.ts'
import { findSubjects } from './find-subjects.ts'
import { collectHolds, type LegalHolds } from './legal-holds.ts'
import { recordNow } from './record-now.ts'
import { searchTrail } from './search-trail.ts'
import { withTrailLock } from './trail-lock.ts'

/** What an erasure does, or would do. */
export interface Erasure {
  /** Pseudonyms whose keys are destroyed. */
  readonly erased: readonly string[]
  /** Pseudonyms that a legal hold keeps; then nothing is erased. */
  readonly held: readonly string[]
  /** The names of the holds that keep them: `audit.holds[0]`, `h_3f9a01bc`. */
  readonly holds: readonly string[]
}

/** What is to be erased. */
export interface ErasureRequest {
  /** Id of a principal, name of an API key, or a pseudonym. */
  readonly who: string
  /** Stands in the trail for good, readable for everybody. */
  readonly reason?: string
}

/** What an erasure would do; nothing is changed. Rejects with `STORAGE_FAILED`. */
export async function planErasure(config: Config, who: string): Promise<Erasure> {
  const storage = openStorage({ directory: config.storage.directory })
  try {
    return await plan(config, storage, who)
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
  const why = reason === undefined ? {} : { reason }
  try {
    return await withTrailLock(config.audit.directory, async () => {
      const erasure = await plan(config, storage, who)
      for (const subject of erasure.held) await recordNow(config, { time: now(), event: 'subject.held', subject })
      if (erasure.held.length > 0) return { ...erasure, erased: [] }
      for (const subject of erasure.erased) {
        await recordNow(config, { time: now(), event: 'subject.erased', subject, ...why })
        storage.subjectKeys.remove(subject)
      }
      // Its key may be out of the table already and still in the journal.
      if (erasure.erased.length === 0) storage.subjectKeys.remove(who)
      return erasure
    })
  } finally {
    storage.close()
  }
}

async function plan(config: Config, storage: Storage, who: string): Promise<Erasure> {
  const holds = await collectHolds(config, storage)
  const erased: string[] = []
  const held: string[] = []
  const names = new Set<string>()
  for (const { subject } of findSubjects(config, storage, who)) {
    const by = holds.subjects.get(subject) ?? (await heldInTime(config, subject, holds))
    if (by !== undefined) names.add(by)
    ;(by === undefined ? erased : held).push(subject)
  }
  return { erased, held, holds: [...names] }
}

/** The hold on a time of which there is a record of the subject. */
async function heldInTime(config: Config, subject: string, { ranges }: LegalHolds): Promise<string | undefined> {
  for (const { name, since, until } of ranges) {
    const query = { subjects: [subject], since, until, limit: 1 }
    if ((await searchTrail(config.audit.directory, query)).length > 0) return name
  }
  return undefined
}

function now(): string {
  return isoTime(Date.now())
}
