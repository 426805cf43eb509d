import type { Capability } from '../capabilities/capability.ts'
import { isInputRequired } from '../capabilities/input-required.ts'
import { toToolgateError } from '../errors.ts'
import { traceIdOf } from '../observe/trace-id.ts'
import { type Admission, admit } from './admit.ts'
import { authorize } from './authorize.ts'
import { boundResult } from './bound-result.ts'
import type { Call } from './call.ts'
import { checkRules } from './check-rules.ts'
import { findCapability } from './find-capability.ts'
import type { Guards } from './guards.ts'
import { limitRate, limitUse } from './limit-rate.ts'
import type { Outcome, Trace } from './outcome.ts'
import { recordCompleted, since } from './record-completed.ts'
import { recordDecided } from './record-decided.ts'
import { run } from './run.ts'
import { sanitizeError, sanitizeResult } from './sanitize-result.ts'
import { validateInput } from './validate-input.ts'
import { validateOutput } from './validate-output.ts'

/** Serves one call: through every guard, its end recorded once, allowed or denied. Never rejects. */
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
  const recorded = await recordCompleted(guards, call, trace, outcome)
  guards.inFlight.end()
  return recorded
}

function startTrace({ clock, timer, plan }: Guards, { meta, principal }: Call): Trace {
  const started = { startedAt: clock(), startedMark: timer(), subject: plan.subjects.of(principal) }
  const traceId = meta.traceparent === undefined ? undefined : traceIdOf(meta.traceparent)
  return traceId === undefined ? started : { ...started, traceId }
}

/** The guards, in order. */
async function passGuards(guards: Guards, call: Call, trace: Trace): Promise<unknown> {
  await limitRate(guards, call)
  const capability = findCapability(guards.catalog, call)
  trace.capability = capability
  trace.decision = guards.policy.decide(call.principal, capability)
  authorize(trace.decision, call, capability)
  await limitUse(guards, capability, call)
  trace.admission = await admit(guards, capability, call)
  const input = await validateInput(capability, call)
  checkRules(guards.policy, { capability, input, trace }, call)
  const place: Place = { guards, capability, admission: trace.admission, trace }
  const execute = (passed: Call): Promise<unknown> => executeCall(place, input, passed)
  const result = await guards.recall.serve(capability, { call, trace, inFlight: guards.inFlight, execute })
  // Behind the memory, so that an answer is given by the rules of the moment.
  return sanitizeResult(guards.maskerOf, call, trace, result)
}

interface Place {
  readonly guards: Guards
  readonly capability: Capability
  readonly admission: Admission
  readonly trace: Trace
}

/** What happens once for calls that are the same. `input` is as the schema left it. */
async function executeCall(place: Place, input: unknown, call: Call): Promise<unknown> {
  const { guards, capability, admission, trace } = place
  await recordDecided(guards, call, trace)
  call.handoff?.begin()
  const { limits, maskerOf } = guards
  const startedMark = guards.timer()
  try {
    const returned = await run({ limits, maskerOf, admission }, capability, input, call)
    const result = await validateOutput(capability, call, returned)
    return boundResult(capability, result, guards.use.ofCapability(capability).maxResultBytes)
  } finally {
    trace.runMs = since(guards, startedMark)
  }
}
