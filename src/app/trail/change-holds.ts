import { randomBytes } from 'node:crypto'
import type { HoldChanged } from '../../audit/trail-event.ts'
import type { Config } from '../../config/config.ts'
import { ToolgateError } from '../../errors.ts'
import { isoTime } from '../../observe/iso-time.ts'
import { openStorage } from '../../storage/open-storage.ts'
import { findSubjects, PSEUDONYM } from './find-subjects.ts'
import { type Hold, readHolds, writeHolds } from './holds-file.ts'
import { operator } from './operator.ts'
import { recordNow } from './record-now.ts'
import { withTrailLock } from './trail-lock.ts'

/** What is to be held: all records of somebody, or all records of a time. */
export type HoldRequest = { readonly reason?: string } & (
  | { /** Id of a principal, name of an API key, or a pseudonym. */ readonly who: string }
  | { /** Milliseconds since 1970; from, and up to but without. */ readonly since: number; readonly until: number }
)

/**
 * Lays a hold. It is in force before it is recorded: one that could not be recorded stays, and whoever asked is told. Rejects
 * with `STORAGE_FAILED`, also when nobody is meant, and with `AUDIT_UNAVAILABLE`.
 */
export async function addHold(config: Config, request: HoldRequest): Promise<Hold> {
  const meant =
    'who' in request
      ? { subjects: subjectsMeant(config, request.who) }
      : { since: isoTime(request.since), until: isoTime(request.until) }
  const { reason } = request
  const id = `h_${randomBytes(4).toString('hex')}`
  const hold = { id, ...meant, addedAt: isoTime(Date.now()), ...(reason === undefined ? {} : { reason }) }
  const { directory } = config.audit
  await withTrailLock(directory, async () => {
    await writeHolds(directory, [...(await readHolds(directory)), hold])
    await record(config, 'added', hold)
  })
  return hold
}

/** Takes a hold off; recorded before it is done. `undefined` when there is none with that id. Rejects like `addHold`. */
export function removeHold(config: Config, id: string, reason?: string): Promise<Hold | undefined> {
  const { directory } = config.audit
  return withTrailLock(directory, async () => {
    const holds = await readHolds(directory)
    const hold = holds.find((each) => each.id === id)
    if (hold === undefined) return undefined
    const { reason: _, ...rest } = hold
    await record(config, 'removed', reason === undefined ? rest : { ...rest, reason })
    await writeHolds(
      directory,
      holds.filter((each) => each !== hold),
    )
    return hold
  })
}

/** A pseudonym stands for itself, also where its key is gone: its records can still be held. */
function subjectsMeant(config: Config, who: string): readonly string[] {
  if (PSEUDONYM.test(who)) return [who]
  const storage = openStorage({ directory: config.storage.directory })
  try {
    const found = findSubjects(config, storage, who).map(({ subject }) => subject)
    if (found.length > 0) return found
  } finally {
    storage.close()
  }
  throw new ToolgateError({
    code: 'STORAGE_FAILED',
    message: 'The trail knows nobody by that id or name: there is nothing to hold.',
    hint: 'Give the id of a principal that has called, the name of its API key, or a pseudonym (s_…) of the trail.',
  })
}

/** One record for each subject, so that it is found with the other records of that subject. */
async function record(config: Config, change: HoldChanged['change'], hold: Hold): Promise<void> {
  const { id, subjects, since, until, reason } = hold
  const common = {
    event: 'hold.changed',
    change,
    hold: id,
    by: operator(),
    ...(reason === undefined ? {} : { reason }),
  } as const
  if (subjects === undefined) {
    const range = { since: since ?? '', until: until ?? '' }
    await recordNow(config, { time: isoTime(Date.now()), ...common, ...range })
  }
  for (const subject of subjects ?? []) await recordNow(config, { time: isoTime(Date.now()), ...common, subject })
}
