import { createRequire } from 'node:module'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Config } from '../config/config.ts'
import type { Engine } from '../edge/engine.ts'
import type { HttpEdge } from '../edge/http/serve-http.ts'
import { createMetrics, type Metrics } from '../observe/metrics/create-metrics.ts'
import type { Reading } from '../observe/metrics/registry.ts'

/** What is asked for how things stand when somebody wants to know. */
export interface Gauged {
  readonly engine: Engine
  readonly audit: AuditTrail
  /** `undefined` while nothing listens. */
  http(): HttpEdge | undefined
}

/** The metrics of a configuration, or `undefined` where nothing is to be measured. */
export function openMetrics({ metrics }: Config): Metrics | undefined {
  if (!metrics.enabled) return undefined
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  return createMetrics(metrics, version)
}

/** From now on the metrics say how these stand. */
export function gaugeParts({ families }: Metrics, { engine, audit, http }: Gauged): void {
  const one = (value: number): Reading => [[[], value]]
  families.toolgate_calls_in_flight.pull(() => one(engine.guards.inFlight.total))
  families.toolgate_calls_running.pull(() => one(engine.guards.gate.running))
  families.toolgate_calls_waiting.pull(() => one(engine.guards.gate.waiting))
  families.toolgate_tasks_running.pull(() => one(engine.tasks.running))
  families.toolgate_overloaded.pull(() => one(http()?.load.isOverloaded === true ? 1 : 0))
  families.toolgate_overload_refusals.pull(() => one(http()?.load.refusals ?? 0))
  families.toolgate_streams_open.pull(() => one(engine.streams.size))
  families.toolgate_sessions_open.pull(() => one(http()?.sessions.size ?? 0))
  families.toolgate_tls_end_time_seconds.pull(() => endsOf(http()))
  families.toolgate_audit_writable.pull(() => one(audit.isWritable ? 1 : 0))
  families.toolgate_audit_records_lost.pull(() => one(audit.lostRecords ?? 0))
}

/** Nothing without TLS, and no lists where there are none. */
function endsOf(http: HttpEdge | undefined): Reading {
  const ends = http?.tls?.ends
  if (ends === undefined) return []
  const certificate: Reading[number] = [['certificate'], ends.certificate / 1000]
  return ends.lists === undefined ? [certificate] : [certificate, [['crl'], Math.max(0, ends.lists) / 1000]]
}
