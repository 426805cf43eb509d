import type { Capability } from '../capabilities/capability.ts'
import type { ErrorCode } from '../error-table.ts'
import { ToolgateError } from '../errors.ts'
import { findRefusal } from './check-rules.ts'
import type { ExplainedCall } from './explain-call.ts'
import type { Guards } from './guards.ts'
import { deadlineOf } from './run.ts'
import { validateInput } from './validate-input.ts'

/** A guard by the name that operators read. */
export type ExplainedGuard =
  | 'rate'
  | 'lookup'
  | 'decision'
  | 'use'
  | 'breaker'
  | 'concurrency'
  | 'input'
  | 'rules'
  | 'idempotency'
  | 'audit'
  | 'deadline'
  | 'output'
  | 'size'
  | 'sanitize'
  | 'record'

/** What a guard would say; with a code it would refuse the call. */
interface Said {
  readonly says: string
  readonly code?: ErrorCode
}

/** What is asked of each guard. */
export interface Asked {
  readonly guards: Guards
  readonly call: ExplainedCall
  readonly capability: Capability | undefined
}

type Found = Asked & { readonly capability: Capability }

interface Row {
  readonly guard: ExplainedGuard
  /** What `serveCall` does there: the call in its source. */
  readonly step: string
  readonly explain: (asked: Asked) => Said | Promise<Said>
}

/** Every guard in the order of `serveCall`, which a test holds it against. */
export const EXPLAINED_GUARDS: readonly Row[] = [
  { guard: 'rate', step: 'limitRate', explain: explainRate },
  { guard: 'lookup', step: 'findCapability', explain: explainLookup },
  { guard: 'decision', step: 'authorize', explain: ofFound(explainDecision) },
  { guard: 'use', step: 'limitUse', explain: ofFound(explainUse) },
  { guard: 'breaker', step: 'admit', explain: ofFound(explainBreaker) },
  { guard: 'concurrency', step: 'admit', explain: ofFound(explainConcurrency) },
  { guard: 'input', step: 'validateInput', explain: ofFound(explainInput) },
  { guard: 'rules', step: 'checkRules', explain: ofFound(explainRules) },
  { guard: 'idempotency', step: 'recall.serve', explain: ofFound(explainIdempotency) },
  { guard: 'audit', step: 'recordDecided', explain: ofFound(explainAudit) },
  { guard: 'deadline', step: 'run', explain: ofFound(explainDeadline) },
  { guard: 'output', step: 'validateOutput', explain: ofFound(explainOutput) },
  { guard: 'size', step: 'boundResult', explain: ofFound(explainSize) },
  { guard: 'sanitize', step: 'sanitizeResult', explain: ofFound(explainSanitize) },
  { guard: 'record', step: 'recordCompleted', explain: explainRecord },
]

function ofFound(explain: (found: Found) => Said | Promise<Said>): Row['explain'] {
  return (asked) => {
    const { capability } = asked
    return capability === undefined ? { says: 'there is nothing it would be for' } : explain({ ...asked, capability })
  }
}

async function explainRate({ guards, call: { principal } }: Asked): Promise<Said> {
  if (isLocal(principal.kind)) return { says: 'local callers have no rate' }
  const { rate, saidBy } = guards.use.ofPrincipal(principal)
  const says = `${rate.callsPerMinute} calls a minute, ${rate.burst} at once (${saidBy})`
  return refusedUntil(await guards.counters.peek({ key: principal.id, cost: 1, rate }), says)
}

/** Over HTTP come keys and nobody in particular; everything else is a process of this machine's user. */
function isLocal(kind: ExplainedCall['principal']['kind']): boolean {
  return kind === 'local'
}

function refusedUntil(waitMs: number, says: string): Said {
  if (waitMs === 0) return { says }
  return { code: 'RATE_LIMITED', says: `${says}; used up for ${Math.max(1, Math.ceil(waitMs / 1000))} s` }
}

function explainLookup({ capability, call: { kind, name } }: Asked): Said {
  if (capability !== undefined) return { says: `${capability.kind} of connector ${capability.owner}` }
  return { code: 'CAPABILITY_NOT_FOUND', says: `there is no ${kind} ${name}` }
}

function explainDecision({ guards, call: { principal, kind }, capability }: Found): Said {
  const decision = guards.policy.decide(principal, capability)
  if (decision.effect === 'permit') return { says: decision.rule }
  if (decision.reason === 'scope') {
    return { code: 'FORBIDDEN', says: `${decision.rule}, but no role grants the scope ${decision.missing.join(' ')}` }
  }
  if (decision.reason === 'credential') {
    const code = principal.kind === 'oauth' ? 'INSUFFICIENT_SCOPE' : 'FORBIDDEN'
    return { code, says: `${decision.rule}, but the credential does not have the scope ${decision.missing.join(' ')}` }
  }
  return { code: 'CAPABILITY_NOT_FOUND', says: `${decision.rule}; the caller is told that there is no such ${kind}` }
}

async function explainUse({ guards, call: { principal }, capability }: Found): Promise<Said> {
  if (isLocal(principal.kind)) return { says: 'local callers have no rate' }
  const { cost, rate, key, saidBy } = guards.use.ofCapability(capability)
  const own = guards.use.ofPrincipal(principal).rate
  const ownMs = await guards.counters.peek({ key: principal.id, cost, rate: own })
  const costs = `costs ${cost} of the calls a minute (${saidBy.cost})`
  if (rate === undefined) return refusedUntil(ownMs, costs)
  const says = `${costs}; ${rate.callsPerMinute} a minute of this, ${rate.burst} at once (${saidBy.rate})`
  const rateMs = await guards.counters.peek({ key: `${principal.id}\u0000${key}`, cost: 1, rate })
  return refusedUntil(Math.max(ownMs, rateMs), says)
}

function explainBreaker({ guards: { breakers }, capability: { connector }, call }: Found): Said | Promise<Said> {
  // Asking one that was never called would make it known.
  const state = breakers.states().find((known) => known.connector === connector)?.state ?? 'closed'
  const says = `${state} for connector ${connector}`
  return state === 'closed' ? { says } : orRefusal(says, () => breakers.check(connector, call.principal.id))
}

function explainConcurrency({ guards, call: { principal }, capability }: Found): Said {
  const { key, concurrency, saidBy } = guards.use.ofCapability(capability)
  const own = guards.use.ofPrincipal(principal)
  const bound = guards.gate.bound({
    principal: principal.id,
    principalMax: own.concurrency,
    capability: key,
    capabilityMax: concurrency,
  })
  const ofIt = concurrency === undefined ? '' : `, ${concurrency} of this (${saidBy.concurrency})`
  const says = `${own.concurrency} at once of the principal (${own.saidBy})${ofIt}`
  // Whether a place gets free in time nobody knows, so it is no refusal.
  return { says: bound === undefined ? says : `${says}; all are taken (${bound}), so it would wait` }
}

function explainInput({ call, capability }: Found): Said | Promise<Said> {
  if (call.kind === 'resource') return { says: 'a resource has no arguments but its URI' }
  return orRefusal('the arguments fit the schema', () =>
    // A check may fill in defaults.
    validateInput(capability, { ...call, input: structuredClone(call.input), completion: undefined }),
  )
}

async function explainRules({ guards: { policy }, call, capability }: Found): Promise<Said> {
  try {
    const asked = { ...call, input: structuredClone(call.input), completion: undefined }
    const refusal = findRefusal(policy, { capability, input: await validateInput(capability, asked) }, asked)
    if (refusal === undefined) return { says: 'no rule denies these arguments' }
    const why = refusal.failure === undefined ? '' : `: ${refusal.failure}`
    return { code: 'FORBIDDEN', says: `${refusal.rule}${why}` }
  } catch {
    return { says: 'arguments that do not fit are held against no rule' }
  }
}

function explainIdempotency({ guards: { recall }, capability }: Found): Said {
  if (capability.kind !== 'tool') return { says: 'for tools alone' }
  const { windowMs, keyTtlMs } = recall.describe(capability)
  const repeated = windowMs === 0 ? 'runs each time' : `the same call within ${seconds(windowMs)} is answered as before`
  return { says: `${repeated}; with an \`idempotencyKey\` once in ${seconds(keyTtlMs)}` }
}

function explainAudit({ guards: { plan, audit }, capability }: Found): Said {
  const level = plan.levelOf(capability)
  if (!plan.isStrict) return { says: `level ${level}, best-effort: runs also when nothing can be recorded` }
  if (!audit.isWritable) return { code: 'AUDIT_UNAVAILABLE', says: 'strict, and the audit trail cannot be written' }
  return { says: `level ${level}, strict: recorded before it runs` }
}

function explainDeadline({ guards: { limits }, capability }: Found): Said {
  const { afterMs, maxMs } = deadlineOf(limits, capability, false)
  const saidBy = capability.timeoutMs === undefined ? 'limits' : `the ${capability.kind}`
  return { says: `${seconds(afterMs)} (${saidBy}), ${seconds(maxMs)} at most with progress` }
}

function explainOutput({ capability }: Found): Said {
  if (capability.kind !== 'tool') return { says: 'must be a result of the protocol' }
  return { says: capability.output === undefined ? 'has no output schema' : 'must fit the output schema' }
}

function explainSize({ guards, capability }: Found): Said {
  const { maxResultBytes, saidBy } = guards.use.ofCapability(capability)
  return { says: `${maxResultBytes} bytes (${saidBy.maxResultBytes})` }
}

function explainSanitize({ guards, capability }: Found): Said {
  const { secrets, values, personal } = guards.describeMasking(capability)
  const counted = values === 0 ? '' : `, ${values} values of the configuration`
  const kinds = personal.map(({ kind, action }) => `${kind} (${action})`).join(', ')
  return { says: `secrets ${secrets ? 'masked' : 'let through'}${counted}; personal data: ${kinds || 'let through'}` }
}

function explainRecord({ guards: { plan } }: Asked): Said {
  return { says: plan.isStrict ? 'on disk before the answer' : 'its end is recorded when there is time' }
}

/** What is said where the guard does not throw, else what it throws. */
async function orRefusal(says: string, guard: () => unknown): Promise<Said> {
  try {
    await guard()
    return { says }
  } catch (thrown) {
    return refusalOf(thrown)
  }
}

function refusalOf(thrown: unknown): Said {
  if (!(thrown instanceof ToolgateError)) throw thrown
  return { code: thrown.code, says: thrown.message }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`
}
