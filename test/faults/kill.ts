import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startLoad } from './call-load.ts'
import { type FaultPlace, makeFaultPlace, startFaultServer, verifyTrail } from './fault-server.ts'
import { countMissing, readCallIds } from './read-trail.ts'

/** What was found after a server was killed so many times under load. */
export interface KillReport {
  readonly rounds: number
  readonly answered: number
  readonly executed: number
  /** Answered calls without a record of their end. */
  readonly answeredUnrecorded: number
  /** Effects without a record of the decision. */
  readonly executedUnrecorded: number
  /** Rounds after which the trail did not verify. */
  readonly brokenTrails: number
  readonly firstBreak: string | undefined
}

/** Kills a server (SIGKILL) at a random moment under load, again and again on the same trail, and looks at the trail. */
export async function killUnderLoad(folder: string, rounds: number): Promise<KillReport> {
  const place = await makeFaultPlace(folder)
  const trail = join(folder, '.toolgate', 'audit')
  const answered: string[] = []
  const breaks: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    answered.push(...(await killOnce(place)))
    // Started once more, so that what the kill has cut is repaired, as it is in life.
    await (await startFaultServer(place)).end('SIGTERM')
    const { code, text } = await verifyTrail(place, trail)
    if (code !== 0) breaks.push(text)
  }
  const { decided, completed, effects } = readCallIds(trail, place.effects)
  return {
    rounds,
    answered: answered.length,
    executed: effects.size,
    answeredUnrecorded: countMissing(answered, completed),
    executedUnrecorded: countMissing(effects, decided),
    brokenTrails: breaks.length,
    firstBreak: breaks[0],
  }
}

async function killOnce(place: FaultPlace): Promise<readonly string[]> {
  const server = await startFaultServer(place)
  const input = { waitMs: 2 }
  const load = startLoad({ port: server.port, key: place.key, tool: 'record', input, connections: 16 })
  await load.begun
  await setTimeout(randomInt(250))
  await server.end('SIGKILL')
  return (await load.stop()).answered
}
