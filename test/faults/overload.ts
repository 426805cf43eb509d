import { setTimeout } from 'node:timers/promises'
import { startLoad } from './call-load.ts'
import { type FaultServer, makeFaultPlace, startFaultServer } from './fault-server.ts'
import { readUsage } from './memory.ts'
import { callAtRate, type Latencies, type OpenLoopReport } from './open-loop.ts'

/** How a server fared that was called five times as often as it can serve. */
export interface OverloadReport {
  /** Calls a second that it serves when each client waits for its answer; the measure of everything else. */
  readonly sustainable: number
  readonly seconds: number
  readonly clients: number
  /** Called half as often as it could serve, before. */
  readonly unloaded: Latencies
  /** The first two seconds, in which it finds out. */
  readonly onset: OpenLoopReport
  readonly overloaded: OpenLoopReport
  /** The same without what refuses them. */
  readonly unprotected: OpenLoopReport
  /** Called half as often as it could serve, right after. */
  readonly after: OpenLoopReport
  readonly rssBeforeBytes: number
  readonly rssAfterBytes: number
  /** Times that it said so in its log. */
  readonly began: number
  readonly ended: number
}

const TIMES = 5
const CLIENTS = 256
const WORK_MS = 1
const probe = new URL('../../bench/process/probe.mjs', import.meta.url).pathname
const UNPROTECTED = 'server: { overload: { enabled: false } }\n'

/** Finds out what a server can serve, then calls it five times as often whatever becomes of it. */
export async function overloadServer(folder: string, seconds: number): Promise<OverloadReport> {
  const place = await makeFaultPlace(`${folder}/guarded`, QUIET)
  const server = await startFaultServer(place, { nodeOptions: ['--expose-gc', '--import', probe] })
  const call = callerOf(server, place.key)
  await call.closed(2_000)
  const sustainable = await call.closed(3_000)
  const unloaded = (await call.open(sustainable / 2, 3_000)).accepted
  const before = await readUsage(server)
  const onset = await call.open(sustainable * TIMES, 2_000)
  const overloaded = await call.open(sustainable * TIMES, seconds * 1_000)
  const after = await call.open(sustainable / 2, 5_000)
  await setTimeout(2_000)
  const { rssBytes } = await readUsage(server)
  await server.end('SIGTERM')
  const said = (what: string): number => server.log().split(what).length - 1
  return {
    ...{ sustainable, seconds, clients: CLIENTS, unloaded, onset, overloaded, after },
    unprotected: await callUnprotected(`${folder}/open`, sustainable * TIMES, seconds),
    ...{ rssBeforeBytes: before.rssBytes, rssAfterBytes: rssBytes },
    ...{ began: said('does not keep up'), ended: said('keeps up again') },
  }
}

/** Two lines are looked for in the log, which is cut where it gets long. */
const QUIET = 'log: { level: warn }\n'

async function callUnprotected(folder: string, callsPerSecond: number, seconds: number): Promise<OpenLoopReport> {
  const place = await makeFaultPlace(folder, UNPROTECTED)
  const server = await startFaultServer(place)
  const call = callerOf(server, place.key)
  await call.closed(2_000)
  const report = await call.open(callsPerSecond, seconds * 1_000)
  await server.end('SIGTERM')
  return report
}

interface Caller {
  /** Calls a second that are answered to clients that wait for each answer. */
  closed(durationMs: number): Promise<number>
  open(callsPerSecond: number, durationMs: number): Promise<OpenLoopReport>
}

function callerOf({ port }: FaultServer, key: string): Caller {
  const plan = { port, key, tool: 'work', input: { ms: WORK_MS } }
  return {
    async closed(durationMs) {
      const startedAt = performance.now()
      const load = startLoad({ ...plan, connections: 8 })
      await setTimeout(durationMs)
      const { answered } = await load.stop()
      return (answered.length / (performance.now() - startedAt)) * 1_000
    },
    open: (callsPerSecond, durationMs) => callAtRate({ ...plan, connections: CLIENTS, callsPerSecond, durationMs }),
  }
}
