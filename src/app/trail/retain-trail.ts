import { basename } from 'node:path'
import type { AuditRecord } from '../../audit/audit-record.ts'
import type { ChainTrail } from '../../audit/chain-audit-trail.ts'
import { listChains, listSegments } from '../../audit/read-segments.ts'
import { cutChain } from '../../audit/retention/cut-chain.ts'
import { type CutPlan, type CutQuestions, type KeptReason, planCut } from '../../audit/retention/plan-cut.ts'
import { type RetentionLimits, readLimits } from '../../audit/retention/retention-limits.ts'
import { readHead } from '../../audit/retention/segment-head.ts'
import { TrailClock } from '../../audit/retention/trail-clock.ts'
import type { NoteKey } from '../../audit/signed-note.ts'
import { openSigningKey } from '../../audit/signing-key.ts'
import { sinkNameOf } from '../../audit/sinks/options.ts'
import { readCursor, type SinkPositions } from '../../audit/sinks/sink-cursor.ts'
import type { Config } from '../../config/config.ts'
import { openStorage } from '../../storage/open-storage.ts'
import { takeLock } from '../../storage/sqlite/take-lock.ts'
import { createAuditTrail } from '../audit.ts'
import { forgetSegments } from './forget-segments.ts'
import { collectHolds, heldBy } from './legal-holds.ts'
import { withTrailLock } from './trail-lock.ts'

export type { KeptReason } from '../../audit/retention/plan-cut.ts'

/** What was removed from a chain, or would be. */
export interface ChainRetention
  extends Pick<CutPlan, 'segments' | 'firstSeq' | 'keptFrom' | 'records' | 'removedUntil'> {
  readonly chain: string
  /** What keeps the first record that stays. */
  readonly kept: KeptReason
}

/** How old records are looked for. */
export interface RetentionRun {
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** The trail that this process writes; chains of other living processes are theirs to shorten. */
  readonly trail?: ChainTrail
  /** The clock is right, whatever the trail says. */
  readonly isClockTrusted?: boolean
  readonly signal?: AbortSignal
}

/** What would be removed from each chain now; nothing is changed. Rejects with `STORAGE_FAILED`. */
export async function planRetention(config: Config, run: RetentionRun): Promise<readonly ChainRetention[]> {
  const parts = prepare(config, run)
  if (parts === undefined) return []
  const chains: ChainRetention[] = []
  for (const folder of await listChains(config.audit.directory)) {
    chains.push(toRetention(folder, await planCut(folder, await questionsOf(parts, folder, true))))
  }
  return chains
}

/**
 * Removes from each chain what is older than `audit.retention` says. Does nothing where that is not set, and as much as it could
 * where it is ended before: the next run goes on. Rejects with `AUDIT_UNAVAILABLE`, `STORAGE_FAILED` and what the system says.
 */
export async function retainTrail(config: Config, run: RetentionRun): Promise<readonly ChainRetention[]> {
  const parts = prepare(config, run)
  if (parts === undefined) return []
  await run.trail?.flush()
  const chains: ChainRetention[] = []
  for (const folder of await listChains(config.audit.directory)) {
    run.signal?.throwIfAborted()
    chains.push(await (run.trail?.folder === folder ? retainOwn(parts, run.trail) : retainOther(parts, folder)))
  }
  return chains
}

interface Parts {
  readonly config: Config
  readonly run: RetentionRun
  readonly limits: RetentionLimits
  readonly key: NoteKey
}

function prepare(config: Config, run: RetentionRun): Parts | undefined {
  const limits = readLimits(config.audit.retention)
  if (limits.shortestMs === Number.POSITIVE_INFINITY) return undefined
  return { config, run, limits, key: openSigningKey(config.storage.directory).publicKey }
}

/** A segment that is written slowly is ended, so that the records in it do not wait for the youngest of them. */
async function retainOwn(parts: Parts, trail: ChainTrail): Promise<ChainRetention> {
  const { folder = '' } = trail
  const last = (await listSegments(folder)).at(-1)
  const head = last === undefined ? undefined : await readHead(folder, last, parts.key)
  if (head !== undefined && parts.run.clock() - head.time > parts.limits.shortestMs / 10) await trail.startSegment()
  const plan = await planCut(folder, await questionsOf(parts, folder, false))
  return plan.segments.length === 0 ? toRetention(folder, plan) : cut(parts, trail)
}

/** A chain that nobody writes any more, or that another process writes. */
async function retainOther(parts: Parts, folder: string): Promise<ChainRetention> {
  const chain = basename(folder)
  const plan = await planCut(folder, await questionsOf(parts, folder, true))
  if (plan.segments.length === 0) return toRetention(folder, plan)
  const release = takeLock(`${folder}/lock`)
  if (release === undefined) {
    const message = 'Another process writes this chain and removes what is too old itself, once a day.'
    return toRetention(folder, { ...plan, ...NOTHING, keptFrom: plan.firstSeq, kept: { kind: 'busy', message } })
  }
  release()
  const { clock } = parts.run
  const trail = createAuditTrail(parts.config, { clock, observer: () => undefined }, chain)
  try {
    await trail.startSegment()
    return await cut(parts, trail)
  } finally {
    await trail.close()
  }
}

const NOTHING = { segments: [], records: 0 }

/** Planned anew when no hold can be laid any more until it is done. */
function cut(parts: Parts, trail: ChainTrail): Promise<ChainRetention> {
  const { folder = '' } = trail
  const { directory } = parts.config.audit
  return withTrailLock(directory, async () => {
    const plan = await planCut(folder, await questionsOf(parts, folder, false))
    await cutChain(trail, plan, parts.run.clock())
    await forgetSegments(directory, basename(folder), plan.segments)
    return toRetention(folder, plan)
  })
}

async function questionsOf(
  { config, run, limits, key }: Parts,
  folder: string,
  withLast: boolean,
): Promise<CutQuestions> {
  const { directory, sinks } = config.audit
  const now = run.clock()
  const positions = new Map<string, ReturnType<SinkPositions['get']>>()
  for (const sink of sinks) {
    const name = sinkNameOf(sink)
    positions.set(name, (await readCursor(`${directory}/sinks/${name}.json`)).get(basename(folder)))
  }
  const chains = await listChains(directory)
  const clock =
    run.isClockTrusted === true ? undefined : new TrailClock({ chains, key, now, shortestMs: limits.shortestMs })
  return { key, limits, now, sinks: positions, withLast, clock, signal: run.signal, heldBy: await readHeldBy(config) }
}

async function readHeldBy(config: Config): Promise<(record: AuditRecord) => string | undefined> {
  const storage = openStorage({ directory: config.storage.directory })
  try {
    const holds = await collectHolds(config, storage)
    return (record) => heldBy(record, holds)
  } finally {
    storage.close()
  }
}

function toRetention(folder: string, { head: _, ...plan }: CutPlan): ChainRetention {
  return { chain: basename(folder), ...plan }
}
