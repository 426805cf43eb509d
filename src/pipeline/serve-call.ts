import type { Capability } from '../capabilities/capability.ts'
import { isInputRequired } from '../capabilities/input-required.ts'
import { ToolgateError, toToolgateError } from '../errors.ts'
import { traceIdOf } from '../observe/trace-id.ts'
import { type Admission, admit } from './admit.ts'
import { authorize } from './authorize.ts'
import { boundResult } from './bound-result.ts'
import type { Call } from './call.ts'
import { findCapability } from './find-capability.ts'
import type { Guards } from './guards.ts'
import { limitRate, limitUse } from './limit-rate.ts'
import type { Outcome, Trace } from './outcome.ts'
import { recordCall } from './record-call.ts'
import { run } from './run.ts'
import { sanitizeError, sanitizeResult } from './sanitize-result.ts'
import { validateInput } from './validate-input.ts'
import { validateOutput } from './validate-output.ts'

/** Serves one call: through every guard, recorded exactly once, allowed or denied. Never rejects. */
export async function serveCall(guards: Guards, call: Call): Promise<Outcome> {
  const trace = startTrace(guards, call)
  guards.inFlight.begin()
  let outcome: Outcome
  try {
    const result = await passGuards(guards, call, trace)
    outcome = isInputRequired(result) ? { status: 'input_required', asked: result } : { status: 'ok', result }
  } catch (thrown) {
    outcome = { status: 'error', error: sanitizeError(guards.maskerOf, trace, toToolgateError(thrown)) }
  }
  trace.admission?.end(outcome)
  recordCall(guards, call, trace, outcome)
  guards.inFlight.end()
  return outcome
}

function startTrace({ clock, timer }: Guards, { meta }: Call): Trace {
  const started = { startedAt: clock(), startedMark: timer() }
  const traceId = meta.traceparent === undefined ? undefined : traceIdOf(meta.traceparent)
  return traceId === undefined ? started : { ...started, traceId }
}

/** The guards, in order. */
async function passGuards(guards: Guards, call: Call, trace: Trace): Promise<unknown> {
  await limitRate(guards, call)
  const capability = findCapability(guards.catalog, call)
  trace.capability = capability
  trace.decision = guards.policy.decide(call.principal, capability)
  authorize(trace.decision, call)
  await limitUse(guards, capability, call)
  trace.admission = await admit(guards, capability, call)
  const input = await validateInput(capability, call)
  const place: Place = { guards, capability, admission: trace.admission }
  const execute = (passed: Call): Promise<unknown> => executeCall(place, input, passed)
  const result = await guards.recall.serve(capability, { call, trace, inFlight: guards.inFlight, execute })
  // Behind the memory, so that an answer is given by the rules of the moment.
  return sanitizeResult(guards.maskerOf, call, trace, result)
}

interface Place {
  readonly guards: Guards
  readonly capability: Capability
  readonly admission: Admission
}

/** What happens once for calls that are the same. */
async function executeCall({ guards, capability, admission }: Place, input: unknown, call: Call): Promise<unknown> {
  refuseUnrecordable(guards)
  call.handoff?.begin()
  const { limits, maskerOf } = guards
  const returned = await run({ limits, maskerOf, admission }, capability, input, call)
  const result = await validateOutput(capability, call, returned)
  return boundResult(capability, result, guards.use.ofCapability(capability).maxResultBytes)
}

/** Nothing is executed that could not be recorded (docs/adr/0006). */
function refuseUnrecordable(guards: Guards): void {
  if (guards.audit.isWritable) return
  throw new ToolgateError({
    code: 'AUDIT_UNAVAILABLE',
    message: 'The audit trail cannot be written, so nothing is executed.',
    hint: 'Try again later; the operator finds the reason in the log.',
  })
}
