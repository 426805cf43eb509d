import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command, LoadReport, SessionsReport } from '../load/load-generator.ts'
import type { Target } from '../load/mcp-request.ts'
import type { BroadcastReport } from '../load/open-streams.ts'
import { nodeBinary } from './node-binary.ts'
import { stopChild } from './running-subject.ts'

/** The load generator in its own process: one for the whole run, the same for all subjects. */
export interface Generator {
  /** Opens fresh connections and has the first call on each answered rightly, or rejects with what was wrong. */
  connect(target: Target): Promise<void>
  /** Asks over those connections for so long, or for so many calls. */
  load(durationMs: number, maxCalls?: number): Promise<LoadReport>
  openSessions(target: Target, count: number): Promise<SessionsReport>
  /** Opens further streams and holds them; returns how many are open. */
  openStreams(target: Target, count: number): Promise<number>
  /** Has the server tell every open stream something. */
  broadcast(target: Target): Promise<BroadcastReport>
  closeStreams(): Promise<void>
  stop(): Promise<void>
}

const script = fileURLToPath(new URL('../load/load-generator.ts', import.meta.url))

export function startGenerator(): Generator {
  const child = spawn(nodeBinary, ['--import', 'tsx', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const waiting = new Map<number, { resolve: (report: never) => void; reject: (error: Error) => void }>()
  let orders = 0
  child.on('message', (message) => {
    const { order, report, error } = message as { order: number; report?: unknown; error?: string }
    const asker = waiting.get(order)
    waiting.delete(order)
    if (error === undefined) asker?.resolve(report as never)
    else asker?.reject(new Error(error))
  })
  child.on('exit', () => {
    for (const asker of waiting.values()) asker.reject(new Error('the load generator has ended'))
  })
  const ask = <Report>(command: Command): Promise<Report> =>
    new Promise((resolve, reject) => {
      const order = ++orders
      waiting.set(order, { resolve, reject })
      child.send({ ...command, order })
    })
  return {
    connect: (target) => ask<void>({ kind: 'connect', target }),
    load: (durationMs, maxCalls) => ask<LoadReport>({ kind: 'load', durationMs, maxCalls: maxCalls ?? null }),
    openSessions: (target, count) => ask<SessionsReport>({ kind: 'openSessions', target, count }),
    openStreams: (target, count) => ask<number>({ kind: 'openStreams', target, count }),
    broadcast: (target) => ask<BroadcastReport>({ kind: 'broadcast', target }),
    closeStreams: () => ask<void>({ kind: 'closeStreams' }),
    stop: () => stopChild(child),
  }
}
