import type { Capability } from '../capabilities/capability.ts'
import type { Passage, Verdict } from './breakers.ts'
import type { Call } from './call.ts'
import type { Entrant } from './gate.ts'
import type { Guards } from './guards.ts'
import type { Outcome } from './outcome.ts'

/**
 * Lets a permitted call in: past the breaker of its connector and through the gate, where it may wait. Throws
 * `CONNECTOR_UNAVAILABLE`, `RATE_LIMITED`, `OVERLOADED` or `CANCELLED`. What was admitted must be ended.
 */
export function admit(guards: Guards, capability: Capability, call: Call): Admission | Promise<Admission> {
  // Looking at a task costs next to nothing, and who cannot cancel cannot end an overload.
  if (call.kind === 'task') return OUTSIDE
  guards.breakers.check(capability.connector, call.principal.id)
  const { key, concurrency } = guards.use.ofCapability(capability)
  const entrant: Entrant = {
    principal: call.principal.id,
    principalMax: guards.use.ofPrincipal(call.principal).concurrency,
    capability: key,
    capabilityMax: concurrency,
    cancellation: call.cancellation,
  }
  const waiting = guards.gate.enter(entrant)
  if (waiting === undefined) return pass(guards, capability, entrant)
  const since = guards.timer()
  return waiting.then(
    () => {
      const waitedMs = guards.timer() - since
      guards.observe({ type: 'call.waited', outcome: 'admitted', waitedMs })
      return pass(guards, capability, entrant, waitedMs)
    },
    (thrown: unknown) => {
      const outcome = call.cancellation.isCancelled ? 'cancelled' : 'refused'
      guards.observe({ type: 'call.waited', outcome, waitedMs: guards.timer() - since })
      throw thrown
    },
  )
}

function pass(guards: Guards, capability: Capability, entrant: Entrant, waitedMs = 0): Admission {
  try {
    const passage = guards.breakers.begin(capability.connector, entrant.principal)
    return new RunningAdmission({ guards, entrant, passage, waitedMs })
  } catch (thrown) {
    guards.gate.leave(entrant)
    throw thrown
  }
}

/** The place of a call among those that run. */
export interface Admission {
  /** How long the call has waited for it; counts in its deadline. */
  readonly waitedMs: number
  /** The handler is called. A call without it says nothing of the connector. */
  handlerBegan(): void
  /** The handler works on after it has returned. */
  handlerLeft(): void
  handlerEnded(): void
  /**
   * The call has ended. Its place is free when its handler has ended, too: one that does not heed its signal keeps it, but
   * no longer than the hard maximum from here.
   */
  end(outcome: Outcome): void
}

const OUTSIDE: Admission = {
  waitedMs: 0,
  handlerBegan: () => {},
  handlerLeft: () => {},
  handlerEnded: () => {},
  end: () => {},
}

interface Parts {
  readonly guards: Guards
  readonly entrant: Entrant
  readonly passage: Passage
  readonly waitedMs: number
}

class RunningAdmission implements Admission {
  readonly waitedMs: number
  readonly #parts: Parts
  #hasBegun = false
  #isHandling = false
  #hasEnded = false
  #isFree = false
  #timer: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.waitedMs = parts.waitedMs
  }

  handlerBegan(): void {
    this.#hasBegun = true
  }

  handlerLeft(): void {
    this.#isHandling = true
  }

  handlerEnded(): void {
    this.#isHandling = false
    if (this.#hasEnded) this.#free()
  }

  end(outcome: Outcome): void {
    this.#hasEnded = true
    this.#parts.passage.end(this.#hasBegun ? verdictOf(outcome) : 'unknown')
    if (!this.#isHandling) this.#free()
    else this.#timer = setTimeout(() => this.#free(), this.#parts.guards.limits.maxDeadlineMs).unref()
  }

  #free(): void {
    if (this.#isFree) return
    this.#isFree = true
    clearTimeout(this.#timer)
    this.#parts.guards.gate.leave(this.#parts.entrant)
  }
}

/** Whose fault it was: a connector that says no to its caller works. */
function verdictOf(outcome: Outcome): Verdict {
  if (outcome.status !== 'error') return 'well'
  switch (outcome.error.code) {
    case 'INTERNAL':
    case 'CONNECTOR_UNAVAILABLE':
    case 'TIMED_OUT':
    case 'CONNECTOR_FAILED':
      return 'failed'
    case 'USER_ERROR':
    case 'INVALID_OUTPUT':
    case 'RESULT_TOO_LARGE':
      return 'well'
    default:
      return 'unknown'
  }
}
