import { percentile } from '../arithmetic.ts'
import { findFault, findFaultInFull } from './check-answer.ts'
import { HttpConnection } from './http-connection.ts'
import { type Target, toCallRequest } from './mcp-request.ts'
import { openSession } from './open-session.ts'
import { broadcast, closeStreams, openStreams } from './open-streams.ts'

/**
 * Connections held against a subject at once, with one request in flight on each: enough to keep every subject busy. One
 * that waits for its disk would otherwise be measured mostly on how it wakes up.
 */
const CONNECTIONS = 64

/** How many different calls are prepared for each connection; their ids, and so their sums, are all different. */
const CALLS_PER_CONNECTION = 64

export type Command =
  | { readonly kind: 'connect'; readonly target: Target }
  | { readonly kind: 'load'; readonly durationMs: number; readonly maxCalls: number | null }
  | { readonly kind: 'openSessions' | 'openStreams'; readonly target: Target; readonly count: number }
  | { readonly kind: 'broadcast'; readonly target: Target }
  | { readonly kind: 'closeStreams' }

/** What came of one round of load. */
export interface LoadReport {
  readonly answers: number
  readonly faults: number
  readonly firstFault?: string
  readonly wallMs: number
  /** Of every answer, in milliseconds. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** What the generator itself used. */
  readonly cpuUs: number
}

export interface SessionsReport {
  readonly opened: number
  /** Of the ten oldest, how many still answer a call. */
  readonly stillAnswering: number
}

interface Slot {
  connection: HttpConnection
  readonly calls: readonly { readonly id: number; readonly bytes: Buffer }[]
}

let slots: Slot[] = []

process.on('message', (command: Command & { readonly order: number }) => {
  carryOut(command).then(
    (report) => process.send?.({ order: command.order, report }),
    (error: Error) => process.send?.({ order: command.order, error: error.message }),
  )
})
process.on('disconnect', () => process.exit(0))

async function carryOut(command: Command): Promise<unknown> {
  switch (command.kind) {
    case 'connect':
      return openSlots(command.target)
    case 'load':
      return load(command.durationMs, command.maxCalls ?? Number.POSITIVE_INFINITY)
    case 'openSessions':
      return openSessions(command.target, command.count)
    case 'openStreams':
      return openStreams(command.target, command.count)
    case 'broadcast':
      return broadcast(command.target)
    case 'closeStreams':
      return closeStreams()
  }
}

/** Fresh connections (and sessions) for the next round, each of them used once, so that none opens inside the clock. */
async function openSlots(target: Target): Promise<void> {
  for (const slot of slots) slot.connection.close()
  slots = await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => openSlot(target, index)))
}

async function openSlot(target: Target, index: number): Promise<Slot> {
  const connection = await HttpConnection.open(target.port)
  const sessionId = target.form === 'session' ? await openSession(connection, target) : undefined
  const calls = Array.from({ length: CALLS_PER_CONNECTION }, (_, call) => {
    const id = 1 + index * CALLS_PER_CONNECTION + call
    return { id, bytes: toCallRequest(target, id, sessionId) }
  })
  const first = calls[0]!
  const fault = findFaultInFull(await connection.send(first.bytes), first.id)
  if (fault) throw new Error(`the first call failed, ${fault}`)
  return { connection, calls }
}

async function load(durationMs: number, maxCalls: number): Promise<LoadReport> {
  const latencies: number[] = []
  const faults: string[] = []
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + durationMs
  // Every request begun is also answered inside the round: CPU and answers are counted over the same calls.
  await Promise.all(slots.map((slot) => keepAsking(slot, { endsAt, maxCalls, latencies, faults })))
  const wallMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  latencies.sort((a, b) => a - b)
  return {
    answers: latencies.length,
    faults: faults.length,
    ...(faults[0] === undefined ? {} : { firstFault: faults[0] }),
    wallMs,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    cpuUs: user + system,
  }
}

interface Round {
  readonly endsAt: number
  readonly maxCalls: number
  readonly latencies: number[]
  readonly faults: string[]
}

async function keepAsking(slot: Slot, round: Round): Promise<void> {
  for (let turn = 0; performance.now() < round.endsAt && round.latencies.length < round.maxCalls; turn++) {
    const call = slot.calls[turn % slot.calls.length]!
    const sentAt = performance.now()
    try {
      const answer = await slot.connection.send(call.bytes)
      round.latencies.push(performance.now() - sentAt)
      const fault = turn % 20 === 0 ? findFaultInFull(answer, call.id) : findFault(answer, call.id)
      if (fault) round.faults.push(fault)
    } catch (error) {
      round.faults.push((error as Error).message)
      return
    }
  }
}

async function openSessions(target: Target, count: number): Promise<SessionsReport> {
  const ids: string[] = []
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = await HttpConnection.open(target.port)
      while (ids.length < count) {
        const at = ids.push('') - 1
        ids[at] = await openSession(connection, target)
      }
      connection.close()
    }),
  )
  const connection = await HttpConnection.open(target.port)
  let stillAnswering = 0
  for (const sessionId of ids.slice(0, 10)) {
    const answer = await connection.send(toCallRequest(target, 1, sessionId))
    if (findFault(answer, 1) === undefined) stillAnswering++
  }
  connection.close()
  return { opened: ids.length, stillAnswering }
}
