import { type Bench, launch } from './measure-load.ts'
import type { Subject } from './subjects/subject.ts'

/** What open event streams cost one process, and how soon all of them hear of a change. */
export interface StreamFigures {
  readonly kind: string
  readonly streams: number
  /** Live heap and memory bound to it, after a forced collection. */
  readonly heapBytesPerStream: number
  readonly rssBytesPerStream: number
  /** The fewest streams that any broadcast reached. */
  readonly received: number
  /** Until the last stream had it: of the slowest broadcast. */
  readonly lastMs: number
  readonly medianMs: number
}

/** Opened before the count starts: they pay for what the first streams load and compile. */
const BASELINE = 200
const BROADCASTS = 3

/** Opens so many streams with each subject, one subject after the other, and broadcasts a few times. */
export async function measureStreams(
  bench: Bench,
  subjects: readonly { readonly kind: string; readonly subject: Subject }[],
  streams: number,
): Promise<{ rows: StreamFigures[]; failures: { name: string; reason: string }[] }> {
  const rows: StreamFigures[] = []
  const failures: { name: string; reason: string }[] = []
  for (const { kind, subject } of subjects) {
    bench.say(`opening ${streams} streams: ${kind}`)
    try {
      rows.push(await measureKind(bench, { kind, subject, streams }))
    } catch (error) {
      bench.say(`${kind} failed: ${(error as Error).message}`)
      failures.push({ name: subject.name, reason: `${kind}: ${(error as Error).message}` })
    }
  }
  return { rows, failures }
}

async function measureKind(
  bench: Bench,
  { kind, subject, streams }: { readonly kind: string; readonly subject: Subject; readonly streams: number },
): Promise<StreamFigures> {
  const { generator } = bench
  const { running, target } = await launch(bench, subject, ['--expose-gc'])
  try {
    await generator.openStreams(target, BASELINE)
    await generator.broadcast(target)
    const before = await running.readUsage()
    const open = await generator.openStreams(target, streams - BASELINE)
    const after = await running.readUsage()
    const broadcasts = []
    for (let count = 0; count < BROADCASTS; count += 1) broadcasts.push(await generator.broadcast(target))
    const slowest = broadcasts.reduce((a, b) => (a.lastMs >= b.lastMs ? a : b))
    return {
      kind,
      streams: open,
      heapBytesPerStream: (after.heapBytes - before.heapBytes) / (open - BASELINE),
      rssBytesPerStream: (after.rssBytes - before.rssBytes) / (open - BASELINE),
      received: Math.min(...broadcasts.map(({ received }) => received)),
      lastMs: slowest.lastMs,
      medianMs: slowest.medianMs,
    }
  } finally {
    await generator.closeStreams()
    await running.stop()
  }
}
