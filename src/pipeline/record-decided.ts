import { ToolgateError } from '../errors.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { Call } from './call.ts'
import { describeCall } from './describe-call.ts'
import { describePayload } from './describe-payload.ts'
import type { Guards } from './guards.ts'
import type { Trace } from './outcome.ts'

/**
 * Records that every guard has let a call pass. In strict mode the promise resolves when that is on disk: nothing is executed
 * before. Throws or rejects with `AUDIT_UNAVAILABLE`.
 */
export function recordDecided(guards: Guards, call: Call, trace: Trace): Promise<void> | undefined {
  const { audit, plan } = guards
  // What is sealed under a key that could not be stored would be nobody's to read.
  if (plan.isStrict && !(audit.isWritable && trace.subject.isKept)) throw notExecuted()
  trace.isDecided = true
  trace.fields = describeCall(guards, call, trace)
  const level = trace.capability === undefined ? 'none' : plan.levelOf(trace.capability)
  const input = describePayload(call.input, {
    level,
    subject: trace.subject,
    masker: guards.recordMaskerOf(trace.capability),
  })
  trace.input = input
  const members = `"time":"${isoTime(trace.startedAt)}","event":"call.decided",${trace.fields}`
  return audit
    .record({
      event: 'call.decided',
      members: input === undefined ? members : `${members},"input":${input.json}`,
      subject: trace.subject,
    })
    ?.catch((cause: unknown) => {
      throw notExecuted(cause)
    })
}

function notExecuted(cause?: unknown): ToolgateError {
  return new ToolgateError({
    code: 'AUDIT_UNAVAILABLE',
    message: 'The audit trail cannot be written, so nothing was executed.',
    hint: 'Try again later; the operator finds the reason in the log.',
    cause,
  })
}
