import { ERRORS } from '../error-table.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { Call } from './call.ts'
import type { Guards } from './guards.ts'
import type { Outcome, Trace } from './outcome.ts'

type Status = 'ok' | 'error' | 'denied' | 'input_required' | 'cancelled'

/** Writes the audit record of a call and tells the observer of it. */
export function recordCall(guards: Guards, call: Call, trace: Trace, outcome: Outcome): void {
  const { principal } = call
  const status = statusOf(outcome)
  const code = outcome.status === 'error' ? outcome.error.code : undefined
  const durationMs = Math.round((guards.timer() - trace.startedMark) * 1000) / 1000
  const traced = trace.traceId === undefined ? {} : { traceId: trace.traceId }
  guards.audit.append({
    time: isoTime(trace.startedAt),
    callId: call.id,
    ...traced,
    principal: principal.id,
    principalName: principal.name,
    ...(principal.tenant === undefined ? {} : { tenant: principal.tenant }),
    roles: principal.roles,
    transport: call.transport,
    era: call.era,
    method: call.method,
    name: call.name,
    decision: trace.decision?.effect === 'permit' ? 'permit' : 'deny',
    rule: trace.decision?.rule ?? code ?? 'none',
    status,
    ...(code === undefined ? {} : { code }),
    durationMs,
  })
  guards.observe({
    type: 'call.ended',
    callId: call.id,
    ...traced,
    kind: call.kind,
    method: call.method,
    name: call.name,
    client: principal.name,
    ...(principal.tenant === undefined ? {} : { tenant: principal.tenant }),
    transport: call.transport,
    era: call.era,
    status,
    durationMs,
    ...(code === undefined ? {} : { code }),
    ...(outcome.status === 'error' && isUnexpected(outcome.error.code) ? { cause: outcome.error.cause } : {}),
  })
}

function statusOf(outcome: Outcome): Status {
  if (outcome.status !== 'error') return isFailedResult(outcome) ? 'error' : outcome.status
  switch (outcome.error.code) {
    case 'CANCELLED':
      return 'cancelled'
    case 'CAPABILITY_NOT_FOUND':
    case 'FORBIDDEN':
    case 'RATE_LIMITED':
    case 'OVERLOADED':
    case 'CONNECTOR_UNAVAILABLE':
    case 'AUDIT_UNAVAILABLE':
      return 'denied'
    default:
      return 'error'
  }
}

function isFailedResult(outcome: Outcome): boolean {
  return outcome.status === 'ok' && (outcome.result as { isError?: unknown } | undefined)?.isError === true
}

function isUnexpected(code: keyof typeof ERRORS): boolean {
  return ERRORS[code].audience === 'operator'
}
