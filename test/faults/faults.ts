import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../../bench/ensure-built.ts'
import { canMountDisk, type DiskReport, troubleDisk } from './disk.ts'
import { type KillReport, killUnderLoad } from './kill.ts'
import { type LatencyReport, measureLatency } from './latency.ts'
import { type MemoryReport, measureMemory } from './memory.ts'
import { type OverloadReport, overloadServer } from './overload.ts'
import { toPage } from './reliability-page.ts'

/** Everything that one run found. */
export interface FaultReport {
  readonly kill: KillReport
  /** By trouble; absent where this machine mounts no disk. */
  readonly disks: ReadonlyMap<string, DiskReport>
  readonly overload: OverloadReport
  readonly latency?: LatencyReport
  readonly memory?: MemoryReport
}

/**
 * `npm run faults` breaks a running server in every way that the trail promises to survive, measures what the trail costs,
 * and writes docs/reference/reliability.md. `--quick` leaves out what is measured, and the page. Exit code 1: a promise
 * was broken.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean' } } })
const root = fileURLToPath(new URL('../..', import.meta.url))
const KILLS = 50
const CALLS = 500_000
const say = (line: string): void => void process.stderr.write(`faults: ${line}\n`)

ensureBuilt()
const report = await runAll()
const broken = findBroken(report)
for (const line of broken) say(`BROKEN: ${line}`)
if (values.quick !== true) writeFileSync(join(root, 'docs/reference/reliability.md'), toPage(report))
process.stdout.write(`${toPage(report)}\nfaults: ${broken.length === 0 ? 'every promise held' : 'broken'}\n`)
process.exitCode = broken.length === 0 ? 0 : 1

async function runAll(): Promise<FaultReport> {
  say(`killing a server under load, ${KILLS} times`)
  const kill = await inFolder((folder) => killUnderLoad(folder, KILLS))
  const disks = new Map<string, DiskReport>()
  for (const trouble of canMountDisk() ? (['full', 'read-only'] as const) : []) {
    say(`a disk that is ${trouble}`)
    disks.set(trouble, await inFolder((folder) => troubleDisk(folder, trouble)))
  }
  if (disks.size === 0) say('skipped: a disk of its own needs unshare and mount (Linux; apt-get install util-linux)')
  say('five times the calls that it can serve')
  const overload = await inFolder((folder) => overloadServer(folder, values.quick === true ? 5 : 30))
  if (values.quick === true) return { kill, disks, overload }
  say('1,000 calls a second, with and without the trail')
  const latency = await inFolder((folder) => measureLatency(folder, { rounds: 5, roundMs: 5_000 }))
  say(`memory over ${CALLS} calls`)
  return { kill, disks, overload, latency, memory: await inFolder((folder) => measureMemory(folder, CALLS)) }
}

async function inFolder<Result>(run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'toolgate-faults-'))
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function findBroken({ kill, disks, overload }: FaultReport): readonly string[] {
  const broken: string[] = []
  const hold = (what: string, count: number): void => {
    if (count > 0) broken.push(`${what}: ${count}`)
  }
  hold('answered calls without a record of their end', kill.answeredUnrecorded)
  hold('effects without a record of the decision', kill.executedUnrecorded)
  hold(`trails that do not verify after a kill (${kill.firstBreak ?? ''})`, kill.brokenTrails)
  hold('kills with no call answered before them', kill.answered === 0 ? 1 : 0)
  for (const [trouble, disk] of disks) {
    hold(`${trouble} disk: answered calls without a record of their end`, disk.answeredUnrecorded)
    hold(`${trouble} disk: effects without a record of the decision`, disk.executedUnrecorded)
    hold(`${trouble} disk: the trail does not verify (${disk.verdict})`, disk.isVerified ? 0 : 1)
  }
  hold('overload: calls ended neither well nor with 503', overload.overloaded.failed)
  hold('overload: no call was refused', overload.overloaded.refused.count === 0 ? 1 : 0)
  hold('overload: it was not told, or not its end', overload.began === 0 || overload.ended !== overload.began ? 1 : 0)
  return broken
}
