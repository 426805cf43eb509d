import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startLoad } from './call-load.ts'
import { type FaultServer, makeFaultPlace, startFaultServer } from './fault-server.ts'

/** Live heap after a collection, over so many calls. */
export interface MemoryReport {
  readonly calls: number
  /** Calls before the first look. */
  readonly warmUpCalls: number
  readonly heapBeforeBytes: number
  readonly heapAfterBytes: number
  readonly rssBeforeBytes: number
  readonly rssAfterBytes: number
}

const WARM_UP_CALLS = 50_000
const probe = fileURLToPath(new URL('../../bench/process/probe.mjs', import.meta.url))

/** Calls a server so often and compares what its heap holds before and after. */
export async function measureMemory(folder: string, calls: number): Promise<MemoryReport> {
  const place = await makeFaultPlace(folder)
  const server = await startFaultServer(place, { nodeOptions: ['--expose-gc', '--import', probe] })
  const call = async (count: number): Promise<void> => {
    const plan = { port: server.port, key: place.key, tool: 'work', input: { ms: 0 }, connections: 64 }
    const load = startLoad({ ...plan, maxCalls: count })
    await load.ended
  }
  await call(WARM_UP_CALLS)
  const before = await readUsage(server)
  await call(calls)
  const after = await readUsage(server)
  await server.end('SIGTERM')
  return {
    calls,
    warmUpCalls: WARM_UP_CALLS,
    heapBeforeBytes: before.heapBytes,
    heapAfterBytes: after.heapBytes,
    rssBeforeBytes: before.rssBytes,
    rssAfterBytes: after.rssBytes,
  }
}

export interface Usage {
  readonly heapBytes: number
  readonly rssBytes: number
}

/** Live heap after a collection, and what is resident. */
export async function readUsage({ child }: FaultServer): Promise<Usage> {
  const answer = once(child, 'message', { signal: AbortSignal.timeout(30_000) })
  child.send('usage')
  const [usage] = await answer
  return usage as Usage
}
