import { percentile } from '../../bench/arithmetic.ts'
import { HttpConnection } from '../../bench/load/http-connection.ts'
import { type LoadPlan, toBytes } from './call-load.ts'

/** Calls at a rate that does not care how the server fares. */
export interface OpenLoopPlan extends LoadPlan {
  readonly callsPerSecond: number
  readonly durationMs: number
}

/** Milliseconds from the moment a call was due to its answer. */
export interface Latencies {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** How the calls fared. */
export interface OpenLoopReport {
  readonly accepted: Latencies
  readonly refused: Latencies
  /** Calls that ended neither with a result nor with 503. */
  readonly failed: number
  /** Calls that were due while every connection waited for an answer; they were never sent. */
  readonly unsent: number
}

/**
 * Sends calls when they are due. A call that is due late because the one before it was slow is counted from when it was
 * due, so that a server that stands still cannot hide it.
 */
export async function callAtRate(plan: OpenLoopPlan): Promise<OpenLoopReport> {
  const bytes = toBytes(plan)
  const free = await Promise.all(Array.from({ length: plan.connections }, () => HttpConnection.open(plan.port)))
  const all = [...free]
  const accepted: number[] = []
  const refused: number[] = []
  const open = new Set<Promise<void>>()
  let [unsent, failed] = [0, 0]
  const send = async (connection: HttpConnection, dueAt: number): Promise<void> => {
    const { status, body } = await connection.send(bytes)
    const took = performance.now() - dueAt
    const isAccepted = status === 200 && body.includes('"content":[') && !body.includes('"isError":true')
    if (isAccepted) accepted.push(took)
    else refused.push(took)
    if (!isAccepted && status !== 503) failed += 1
    free.push(connection)
  }
  const startedAt = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      for (; sent < ((now - startedAt) / 1000) * plan.callsPerSecond; sent += 1) {
        const dueAt = startedAt + (sent / plan.callsPerSecond) * 1000
        const connection = free.shift()
        if (connection === undefined) {
          unsent += 1
          continue
        }
        const call = send(connection, dueAt).finally(() => open.delete(call))
        open.add(call)
      }
      if (now - startedAt < plan.durationMs) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  await Promise.all(open)
  for (const connection of all) connection.close()
  return { accepted: toLatencies(accepted), refused: toLatencies(refused), failed, unsent }
}

function toLatencies(latencies: number[]): Latencies {
  latencies.sort((a, b) => a - b)
  if (latencies.length === 0) return { count: 0, p50Ms: 0, p99Ms: 0 }
  return { count: latencies.length, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) }
}
