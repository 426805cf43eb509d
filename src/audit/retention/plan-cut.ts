import { lstat } from 'node:fs/promises'
import { isoTime } from '../../observe/iso-time.ts'
import type { ChainPosition } from '../read-after.ts'
import { listSegments } from '../read-segments.ts'
import type { NoteKey } from '../signed-note.ts'
import { type KeptReason, type ScannedSegment, type ScanQuestions, scanSegment } from './scan-segment.ts'
import { readHead, type SegmentHead } from './segment-head.ts'
import type { TrailClock } from './trail-clock.ts'

export type { KeptReason } from './scan-segment.ts'

/** What a cut is planned by. */
export interface CutQuestions extends ScanQuestions {
  readonly key: NoteKey
  /** How far each sink is in this chain, by name; `undefined`: nowhere. */
  readonly sinks: ReadonlyMap<string, ChainPosition | undefined>
  /** Also the last segment is looked at: it will be ended. */
  readonly withLast: boolean
  /** What the trail says of the time; `undefined` where the clock is to be believed alone. */
  readonly clock: TrailClock | undefined
}

/** Which segments at the beginning of a chain may go. */
export interface CutPlan {
  /** File names, oldest first. */
  readonly segments: readonly string[]
  readonly firstSeq: number
  /** The first record that stays. */
  readonly keptFrom: number
  readonly records: number
  /** The latest time in them; ISO 8601. */
  readonly removedUntil: string
  /** Hash of the last record in them. */
  readonly head: string
  /** What keeps the first segment that stays. */
  readonly kept: KeptReason
}

/**
 * Finds how many whole segments at the beginning of a chain may go: every record in them is older than its class says, under no
 * hold and with every sink, and they are what was signed. A chain can be shortened from its beginning alone: what stays must still
 * follow one record from the other. Reads no more than it has to, and writes nothing.
 */
export async function planCut(folder: string, questions: CutQuestions): Promise<CutPlan> {
  const names = await listSegments(folder)
  const removable: Removable[] = []
  if (!(await lstat(folder)).isDirectory()) return toPlan(removable, altered('The folder of the chain is a link.'))
  for (const at of names.keys()) {
    const looked = await look({ folder, names, at }, questions)
    if ('kind' in looked) return toPlan(removable, looked)
    removable.push(looked)
  }
  return toPlan(removable, { kind: 'current', message: 'A new segment will be the last.' })
}

/** One segment, or what keeps it. */
async function look(place: Place, questions: CutQuestions): Promise<Removable | KeptReason> {
  const { folder, names, at } = place
  const name = names[at] ?? ''
  const isLast = at === names.length - 1
  const current: KeptReason = { kind: 'current', message: `${name} is the last segment.` }
  if (isLast && !questions.withLast) return current
  const head = await readHead(folder, name, questions.key)
  if (head === undefined) return altered(`${name} is no file, or begins with nothing that was signed.`)
  const kept = keptWithoutReading(head, questions)
  if (kept !== undefined) return kept
  const scanned = await scanSegment(folder, head, questions)
  if (scanned.kept !== undefined) return scanned.kept
  if (isLast && !scanned.hasContent) return current
  return (await keptByWhatFollows(place, scanned, questions)) ?? { head, scanned }
}

interface Removable {
  readonly head: SegmentHead
  readonly scanned: ScannedSegment
}

function toPlan(removable: readonly Removable[], kept: KeptReason): CutPlan {
  const last = removable.at(-1)
  const firstSeq = removable[0]?.head.firstSeq ?? 0
  const keptFrom = last === undefined ? firstSeq : last.head.firstSeq + last.scanned.records
  return {
    segments: removable.map(({ head }) => head.segment),
    firstSeq,
    keptFrom,
    records: keptFrom - firstSeq,
    removedUntil: isoTime(Math.max(0, ...removable.map(({ scanned }) => scanned.latest))),
    head: last?.scanned.hash ?? '',
    kept,
  }
}

function keptWithoutReading(head: SegmentHead, { limits, now, sinks }: CutQuestions): KeptReason | undefined {
  // Nothing in it was written before its first line.
  if (!(now - head.time >= limits.shortestMs)) {
    return { kind: 'young', message: `${head.segment} was begun ${isoText(head.time)}, which is not long ago enough.` }
  }
  for (const [sink, position] of sinks) {
    const isPast = position !== undefined && position.segment > head.segment
    const isThrough = position?.segment === head.segment && position.offset >= head.size
    if (!isPast && !isThrough) return { kind: 'unsent', message: `The sink ${sink} has not received ${head.segment}.` }
  }
  return undefined
}

interface Place {
  readonly folder: string
  readonly names: readonly string[]
  /** Which of them is looked at. */
  readonly at: number
}

/** The next segment must say of the one before what was read in it, and enough time must have passed since. */
async function keptByWhatFollows(
  place: Place,
  { root, limitMs, writtenUntil }: ScannedSegment,
  { key, clock }: CutQuestions,
): Promise<KeptReason | undefined> {
  const { folder, names, at } = place
  const name = names[at + 1]
  if (name !== undefined) {
    const next = await readHead(folder, name, key)
    if (next?.tree.root() !== root) return altered(`${names[at]} is not what was signed at the beginning of ${name}.`)
  }
  if (clock === undefined || (await clock.hasPassed(writtenUntil, limitMs))) return undefined
  const message = `The clock went far in one step since ${names[at]}: such a step counts for a week at most.`
  return { kind: 'clock', message }
}

function altered(message: string): KeptReason {
  return { kind: 'altered', message }
}

function isoText(time: number): string {
  return Number.isNaN(time) ? 'at no time' : isoTime(time)
}
