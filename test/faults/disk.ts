import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningLoad, startLoad } from './call-load.ts'
import { type FaultServer, makeFaultPlace, startFaultServer, verifyTrail } from './fault-server.ts'
import { countMissing, readCallIds } from './read-trail.ts'

/** What was found while and after nothing could be written to the disk of the trail. */
export interface DiskReport {
  readonly answered: number
  readonly executed: number
  /** Calls refused because they could not have been recorded. */
  readonly refused: number
  readonly answeredUnrecorded: number
  readonly executedUnrecorded: number
  readonly isVerified: boolean
  readonly verdict: string
}

const UNSHARE = '/usr/bin/unshare'

/** Whether a process here may have a small disk of its own, which goes away with it. */
export function canMountDisk(): boolean {
  const words = ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()]
  return process.platform === 'linux' && spawnSync(UNSHARE, words, { stdio: 'ignore' }).status === 0
}

const AUDIT_UNAVAILABLE = -31503

/** What is wrong with the disk: it fills up under load, or is read-only from the start. */
export type Trouble = 'full' | 'read-only'

/** Brings the trouble, takes it away, has calls go on until they fare as they should, and looks at the trail. */
export async function troubleDisk(folder: string, trouble: Trouble): Promise<DiskReport> {
  const disk = join(folder, 'disk')
  mkdirSync(disk, { recursive: true })
  const place = await makeFaultPlace(folder, `audit: { directory: ${disk}/audit }\n`)
  const options = trouble === 'full' ? 'size=2m' : 'size=2m,ro'
  const server = await startFaultServer(place, {
    prefix: [UNSHARE, '-rm', 'sh', '-c', `mount -t tmpfs -o ${options} none ${disk} && exec "$0" "$@"`],
    env: { FAULT_DISK: disk, FAULT_TROUBLE: trouble },
  })
  const load = (): RunningLoad =>
    startLoad({ port: server.port, key: place.key, tool: 'record', input: {}, connections: 8 })
  const turns: Turn[] = []
  if (trouble === 'full') {
    turns.push(await fareUntil(load, 'answered'))
    await changeDisk(server)
  }
  turns.push(await fareUntil(load, 'refused'))
  await changeDisk(server)
  turns.push(await fareUntil(load, 'answered'))
  // The disk is seen from outside through the process that has it.
  const copy = join(folder, 'copy')
  // The key was made before the disk was mounted, and that is on record below it.
  cpSync(join(disk, 'audit'), copy, { recursive: true })
  cpSync(join(folder, '.toolgate', 'audit.checkpoints'), join(folder, 'checkpoints'))
  cpSync(join('/proc', String(server.child.pid), 'root', disk, 'audit'), copy, { recursive: true })
  await server.end('SIGTERM')
  const { decided, completed, effects } = readCallIds(copy, place.effects)
  const { code, text } = await verifyTrail(place, copy, join(folder, 'checkpoints'))
  const answered = turns.flatMap((turn) => turn.answered)
  return {
    answered: answered.length,
    executed: effects.size,
    refused: turns.reduce((sum, turn) => sum + turn.refused, 0),
    answeredUnrecorded: countMissing(answered, completed),
    executedUnrecorded: countMissing(effects, decided),
    isVerified: code === 0,
    verdict: text,
  }
}

interface Turn {
  readonly answered: readonly string[]
  readonly refused: number
}

async function changeDisk(server: FaultServer): Promise<void> {
  const times = (): number => server.log().split('disk: changed').length
  const before = times()
  const said = new Promise<void>((resolve) => {
    server.child.stderr?.on('data', () => {
      if (times() > before) resolve()
    })
  })
  server.child.kill('SIGUSR2')
  await said
}

/** Bursts of calls until one of them is wholly refused, or wholly answered; at most a minute of them. */
async function fareUntil(load: () => RunningLoad, wanted: 'answered' | 'refused'): Promise<Turn> {
  const answered: string[] = []
  let refused = 0
  for (const endsAt = performance.now() + 60_000; performance.now() < endsAt; ) {
    const burst = load()
    await burst.begun
    const result = await burst.stop()
    const denied = result.refused.get(AUDIT_UNAVAILABLE) ?? 0
    answered.push(...result.answered)
    refused += denied
    const isRefused = result.answered.length === 0 && denied > 0
    const isAnswered = result.answered.length > 0 && denied === 0
    if (wanted === 'refused' ? isRefused : isAnswered) return { answered, refused }
  }
  throw new Error(`Calls were not ${wanted} within a minute.`)
}
