import { fileURLToPath } from 'node:url'
import { median } from '../../bench/arithmetic.ts'
import { type FaultServer, makeFaultPlace, startFaultServer } from './fault-server.ts'
import { callAtRate } from './open-loop.ts'

/** Milliseconds from when a call was due to its answer, the median of the rounds. */
export interface LatencyReport {
  readonly callsPerSecond: number
  readonly clients: number
  readonly rounds: number
  readonly withTrail: { readonly p50Ms: number; readonly p99Ms: number }
  readonly withoutTrail: { readonly p50Ms: number; readonly p99Ms: number }
}

const CALLS_PER_SECOND = 1_000
const CLIENTS = 50
const script = fileURLToPath(new URL('./serve-without-trail.mjs', import.meta.url))

/** Calls two servers in turn at the same rate: one with the trail in strict mode, one without any. */
export async function measureLatency(
  folder: string,
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<LatencyReport> {
  const place = await makeFaultPlace(folder)
  const strict = await startFaultServer(place)
  const none = await startFaultServer(place, { program: [script] })
  const found: { withTrail: Round[]; withoutTrail: Round[] } = { withTrail: [], withoutTrail: [] }
  const call = async ({ port }: FaultServer): Promise<Round> => {
    const plan = { port, key: place.key, tool: 'work', input: { ms: 0 }, connections: CLIENTS }
    return (await callAtRate({ ...plan, callsPerSecond: CALLS_PER_SECOND, durationMs: roundMs })).accepted
  }
  // The first round warms both up.
  for (let round = 0; round <= rounds; round += 1) {
    const [withTrail, withoutTrail] = [await call(strict), await call(none)]
    if (round === 0) continue
    found.withTrail.push(withTrail)
    found.withoutTrail.push(withoutTrail)
  }
  await Promise.all([strict.end('SIGTERM'), none.end('SIGTERM')])
  return {
    callsPerSecond: CALLS_PER_SECOND,
    clients: CLIENTS,
    rounds,
    withTrail: toMedian(found.withTrail),
    withoutTrail: toMedian(found.withoutTrail),
  }
}

interface Round {
  readonly p50Ms: number
  readonly p99Ms: number
}

function toMedian(rounds: readonly Round[]): Round {
  return { p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)), p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)) }
}
