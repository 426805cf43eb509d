import type { CallContext } from '../capabilities/call-context.ts'
import type { Capability } from '../capabilities/capability.ts'
import { ToolgateError } from '../errors.ts'
import type { Admission } from './admit.ts'
import type { Call } from './call.ts'
import { complete } from './complete.ts'
import type { CallLimits } from './guards.ts'
import { RunningCall } from './running-call.ts'
import type { SelectMasker } from './select-masker.ts'

/**
 * Runs the handler under its deadline. Progress starts the deadline anew up to the hard maximum; a cancelled or overdue
 * handler is told through its signal and not waited for. Throws `TIMED_OUT`, `CANCELLED`, or what the handler threw.
 */
export function run(bounds: Bounds, capability: Capability, input: unknown, call: Call): unknown {
  // Who cancels while the arguments are checked must not start a handler that nothing would end but its deadline.
  if (call.cancellation.isCancelled) throw cancelled()
  const { limits, maskerOf, admission } = bounds
  const running = new RunningCall(call, limits.maxNotificationsPerCall, () => maskerOf(capability))
  admission.handlerBegan()
  let returned: unknown
  try {
    returned = invoke(capability, input, call, running)
  } catch (thrown) {
    running.settle()
    throw thrown
  }
  if (!isThenable(returned)) {
    running.settle()
    return returned
  }
  bounds.admission.handlerLeft()
  call.handoff?.leave()
  return underDeadline(returned, running, deadlinesOf(bounds, capability, call))
}

interface Deadlines {
  readonly afterMs: number
  readonly maxMs: number
  /** What a caller is told that it took longer than. */
  readonly toldMs: number
  readonly admission: Admission
}

/** What a call may take, and its place among those that run. */
export interface Bounds {
  readonly limits: CallLimits
  readonly maskerOf: SelectMasker
  readonly admission: Admission
}

/** Having waited for a place counts. */
function deadlinesOf({ limits, admission }: Bounds, capability: Capability, call: Call): Deadlines {
  const { afterMs, maxMs } = deadlineOf(limits, capability, call.handoff !== undefined)
  const left = (ms: number): number => Math.max(1, ms - admission.waitedMs)
  return { afterMs: left(afterMs), maxMs: left(maxMs), toldMs: afterMs, admission }
}

/** Milliseconds a call may take, and with progress in all. Nobody waits for a task, so it may take as long as anything may. */
export function deadlineOf(
  limits: CallLimits,
  { timeoutMs }: Capability,
  isTask: boolean,
): { readonly afterMs: number; readonly maxMs: number } {
  const afterMs = timeoutMs ?? (isTask ? limits.maxDeadlineMs : limits.deadlineMs)
  return { afterMs, maxMs: Math.max(afterMs, limits.maxDeadlineMs) }
}

function invoke(capability: Capability, input: unknown, call: Call, context: CallContext): unknown {
  if (call.kind === 'completion') return complete(capability, call, context)
  if (call.kind === 'task') return call.operation?.()
  switch (capability.kind) {
    case 'tool':
    case 'prompt':
      return capability.definition.run(input as never, context)
    case 'resource':
      return capability.definition.read(new URL(call.name), context)
    case 'resourceTemplate':
      return capability.definition.read(toUrl(call.name), capability.template.match(call.name) ?? {}, context)
  }
}

/** A template may fit text that is not a URI. */
function toUrl(uri: string): URL {
  if (URL.canParse(uri)) return new URL(uri)
  throw new ToolgateError({ code: 'INVALID_PARAMS', message: 'The URI is not valid.', data: { uri } })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

function underDeadline(returned: PromiseLike<unknown>, running: RunningCall, deadlines: Deadlines): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(expire, deadlines.afterMs)
    const latest = setTimeout(expire, deadlines.maxMs)
    const settle = (how: (value: unknown) => void, value: unknown): void => {
      clearTimeout(timer)
      clearTimeout(latest)
      running.settle()
      how(value)
    }
    function expire(): void {
      running.abort()
      const message = `It took longer than ${Math.round(deadlines.toldMs / 100) / 10} s and was stopped.`
      settle(reject, new ToolgateError({ code: 'TIMED_OUT', message }))
    }
    running.onProgress = () => timer.refresh()
    running.onCancel = () => settle(reject, cancelled())
    returned.then(
      (value) => {
        deadlines.admission.handlerEnded()
        settle(resolve, value)
      },
      (thrown) => {
        deadlines.admission.handlerEnded()
        settle(reject, thrown)
      },
    )
  })
}

function cancelled(): ToolgateError {
  return new ToolgateError({ code: 'CANCELLED', message: 'The call was cancelled.' })
}
