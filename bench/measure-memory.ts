import { type Bench, launch } from './measure-load.ts'
import type { Subject } from './subjects/subject.ts'

export interface SessionMemory {
  readonly subject: string
  readonly sessions: number
  /** Live heap and memory bound to it, after a forced collection. */
  readonly heapBytesPerSession: number
  readonly rssBytesPerSession: number
  /** Of the ten oldest sessions, how many still answered a call at the end. */
  readonly stillAnswering: number
}

/** Opened before the count starts: they pay for what the first sessions load and compile. */
const BASELINE = 200

/** What an idle legacy session costs each of these subjects. */
export async function measureMemory(
  bench: Bench,
  subjects: readonly Subject[],
  sessions: number,
): Promise<{ rows: SessionMemory[]; failures: { name: string; reason: string }[] }> {
  const rows: SessionMemory[] = []
  const failures: { name: string; reason: string }[] = []
  for (const subject of subjects) {
    bench.say(`opening ${sessions} sessions with ${subject.name}`)
    try {
      rows.push(await measureSessions(bench, subject, sessions))
    } catch (error) {
      bench.say(`${subject.name} failed: ${(error as Error).message}`)
      failures.push({ name: subject.name, reason: (error as Error).message })
    }
  }
  return { rows, failures }
}

async function measureSessions(bench: Bench, subject: Subject, sessions: number): Promise<SessionMemory> {
  const { running, target } = await launch(bench, subject, ['--expose-gc'])
  try {
    await bench.generator.openSessions(target, BASELINE)
    const before = await running.readUsage()
    const { opened, stillAnswering } = await bench.generator.openSessions(target, sessions)
    const after = await running.readUsage()
    return {
      subject: subject.name,
      sessions: opened,
      heapBytesPerSession: (after.heapBytes - before.heapBytes) / opened,
      rssBytesPerSession: (after.rssBytes - before.rssBytes) / opened,
      stillAnswering,
    }
  } finally {
    await running.stop()
  }
}
