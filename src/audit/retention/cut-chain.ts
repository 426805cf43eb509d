import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isoTime } from '../../observe/iso-time.ts'
import { toEntry } from '../audit-trail.ts'
import type { ChainTrail } from '../chain-audit-trail.ts'
import { syncFolder } from '../open-chain.ts'
import type { CutPlan } from './plan-cut.ts'

/**
 * Removes what a plan says from the chain that a trail writes. What goes is recorded, and that record is covered by a signed
 * checkpoint on disk, before the first file is; a crash in between leaves files that the next run removes. The oldest go first, so
 * that the chain never has a hole. Rejects with `AUDIT_UNAVAILABLE`, and then nothing is removed, and with what the system says.
 */
export async function cutChain(trail: ChainTrail, plan: CutPlan, now: number): Promise<void> {
  const { folder } = trail
  if (folder === undefined || plan.segments.length === 0) return
  const { firstSeq, keptFrom, records, removedUntil, head } = plan
  const time = isoTime(now)
  await trail.seal(toEntry({ time, event: 'retention', firstSeq, keptFrom, records, removedUntil, head }))
  for (const segment of plan.segments) await removeSegment(folder, segment)
  syncFolder(folder)
}

/** What a dying process did not finish of it was put aside, and goes too. */
async function removeSegment(folder: string, segment: string): Promise<void> {
  const torn = (await readdir(folder)).filter((name) => name.startsWith(`${segment}.`) && name.endsWith('.torn'))
  for (const name of [...torn, segment]) await rm(join(folder, name), { force: true })
}
