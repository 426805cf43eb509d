import type { CallStatus } from '../audit/audit-record.ts'
import { toMembers } from '../audit/audit-trail.ts'
import { ERRORS } from '../error-table.ts'
import { ToolgateError } from '../errors.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { Call } from './call.ts'
import { describeCall, quote } from './describe-call.ts'
import { type DescribedPayload, describePayload } from './describe-payload.ts'
import type { Guards } from './guards.ts'
import type { Outcome, Trace } from './outcome.ts'

/**
 * Records how a call ended and tells the observer. In strict mode the outcome comes when the record is on disk; when it cannot
 * be written, the outcome is `AUDIT_UNAVAILABLE`, which says whether the call may have had its effect, and the record is kept
 * and written when there is room. Never rejects.
 */
export function recordCompleted(
  guards: Guards,
  call: Call,
  trace: Trace,
  outcome: Outcome,
): Outcome | Promise<Outcome> {
  const durationMs = since(guards, trace.startedMark)
  const recorded = guards.audit.record({
    event: 'call.completed',
    members: describe(guards, call, trace, { outcome, durationMs }),
    subject: trace.subject,
  })
  if (recorded === undefined) return observe(guards, call, trace, { outcome, durationMs })
  return recorded.then(
    () => observe(guards, call, trace, { outcome, durationMs }),
    (cause: unknown) => observe(guards, call, trace, { outcome: unrecorded(trace, outcome, cause), durationMs }),
  )
}

interface Ended {
  readonly outcome: Outcome
  readonly durationMs: number
}

function describe(guards: Guards, call: Call, trace: Trace, { outcome, durationMs }: Ended): string {
  const code = codeOf(outcome)
  if (code !== undefined) trace.code = code
  const { plan } = guards
  const level = trace.capability === undefined ? 'none' : plan.levelOf(trace.capability)
  const parts = { level, subject: trace.subject, masker: guards.recordMaskerOf(trace.capability) }
  // Its own record has it already where every guard let the call pass.
  const input = trace.isDecided === true ? undefined : describePayload(call.input, parts)
  const output = describePayload(resultOf(outcome), parts)
  return (
    `"time":"${isoTime(trace.startedAt)}","event":"call.completed",${trace.fields ?? describeCall(guards, call, trace)},` +
    (input === undefined ? '' : `"input":${input.json},`) +
    `"status":"${statusOf(outcome)}",${code === undefined ? '' : `"code":"${code}",`}"durationMs":${durationMs}` +
    (trace.runMs === undefined ? '' : `,"runMs":${trace.runMs}`) +
    (output === undefined ? '' : `,"output":${output.json}`) +
    (trace.replayOf === undefined ? '' : `,"replayOf":${quote(trace.replayOf)}`) +
    describeMasking(trace, [input ?? trace.input, output])
  )
}

/** What was masked in what the caller got, and in what is recorded of the arguments. */
function describeMasking({ masked: shown = [] }: Trace, payloads: readonly (DescribedPayload | undefined)[]): string {
  const counts = new Map<string, number>()
  for (const { rule, count } of [...shown, ...payloads.flatMap((each) => each?.masked ?? [])]) {
    counts.set(rule, (counts.get(rule) ?? 0) + count)
  }
  const masked = [...counts].map(([rule, count]) => ({ rule, count }))
  const said = masked.length === 0 ? '' : `,${toMembers({ masked })}`
  return payloads.some((each) => each?.isTruncated === true) ? `${said},"truncated":true` : said
}

/** Whoever waits must not take it for done and on record, nor for not done. */
function unrecorded(trace: Trace, outcome: Outcome, cause: unknown): Outcome {
  if (outcome.status === 'error' && outcome.error.code === 'AUDIT_UNAVAILABLE') return outcome
  const error = new ToolgateError({
    code: 'AUDIT_UNAVAILABLE',
    message:
      trace.runMs === undefined
        ? 'The audit trail cannot be written; nothing was executed.'
        : 'The call was executed and may have had its effect, but its end cannot be recorded now, so its result is withheld.',
    hint: 'Find out whether it had its effect before trying again; the operator finds the reason in the log.',
    cause,
  })
  return { status: 'error', error }
}

function observe(guards: Guards, call: Call, trace: Trace, { outcome, durationMs }: Ended): Outcome {
  const { principal } = call
  const code = codeOf(outcome)
  guards.observe({
    type: 'call.ended',
    callId: call.id,
    ...(trace.traceId === undefined ? {} : { traceId: trace.traceId }),
    kind: call.kind,
    method: call.method,
    name: call.name,
    ...(trace.capability === undefined ? {} : { capability: trace.capability.name }),
    ...(trace.decision === undefined ? {} : { decision: trace.decision.effect }),
    client: principal.name,
    ...(principal.tenant === undefined ? {} : { tenant: principal.tenant }),
    transport: call.transport,
    era: call.era,
    status: statusOf(outcome),
    durationMs,
    ...(code === undefined ? {} : { code }),
    ...(outcome.status === 'error' && isUnexpected(outcome.error.code) ? { cause: outcome.error.cause } : {}),
  })
  return outcome
}

/** Milliseconds since a mark of the timer, to the microsecond. */
export function since(guards: Guards, mark: number): number {
  return Math.round((guards.timer() - mark) * 1000) / 1000
}

function codeOf(outcome: Outcome): keyof typeof ERRORS | undefined {
  return outcome.status === 'error' ? outcome.error.code : undefined
}

function resultOf(outcome: Outcome): unknown {
  if (outcome.status === 'ok') return outcome.result
  return outcome.status === 'input_required' ? outcome.asked : undefined
}

function statusOf(outcome: Outcome): CallStatus {
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
