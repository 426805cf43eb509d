import type { Capability } from '../capabilities/capability.ts'
import { ToolgateError } from '../errors.ts'
import type { Principal } from '../identity/principal.ts'
import type { Call } from './call.ts'
import type { Guards } from './guards.ts'
import type { Take } from './rate-counters.ts'

/** Who asks for something, and from where. */
export interface Asking {
  readonly principal: Principal
  readonly transport: Call['transport']
}

/**
 * Takes a token of the principal's, whatever becomes of the request. Callers over HTTP are limited; a local process is its
 * own user. Answers a promise only where the counters do. Throws `RATE_LIMITED`.
 */
export function limitRate(guards: Guards, { principal, transport }: Asking, cost = 1): undefined | Promise<undefined> {
  if (transport !== 'http') return undefined
  const { rate } = guards.use.ofPrincipal(principal)
  return refuseUntil(guards.counters.take([{ key: principal.id, cost, rate }]), 0)
}

/**
 * Takes what a permitted call costs beyond its first token, and a token of the principal's for this capability if it has a
 * rate of its own. A call that is denied takes none of them.
 */
export function limitUse(guards: Guards, capability: Capability, call: Call): undefined | Promise<undefined> {
  if (call.transport !== 'http' || call.kind === 'task') return undefined
  const { key, cost, rate } = guards.use.ofCapability(capability)
  if (cost <= 1 && rate === undefined) return undefined
  const own = guards.use.ofPrincipal(call.principal).rate
  const takes: Take[] = []
  if (cost > 1) takes.push({ key: call.principal.id, cost: Math.min(cost, own.burst) - 1, rate: own })
  // The name of a principal may have any character but this one (a header cannot carry it).
  if (rate !== undefined) takes.push({ key: `${call.principal.id}\u0000${key}`, cost: 1, rate })
  // Trying again takes the first token again.
  return refuseUntil(guards.counters.take(takes), 60_000 / own.callsPerMinute)
}

function refuseUntil(waitMs: number | Promise<number>, moreMs: number): undefined | Promise<undefined> {
  if (typeof waitMs !== 'number') return waitMs.then((ms) => refuseUntil(ms, moreMs))
  if (waitMs === 0) return undefined
  const retryAfter = Math.max(1, Math.ceil((waitMs + moreMs) / 1000))
  throw new ToolgateError({
    code: 'RATE_LIMITED',
    message: `Too many calls. Try again in ${retryAfter} s.`,
    data: { retryAfter },
  })
}
