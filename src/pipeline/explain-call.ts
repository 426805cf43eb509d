import type { DecisionFields } from '../audit/audit-record.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { ErrorCode } from '../error-table.ts'
import { ToolgateError } from '../errors.ts'
import type { Principal } from '../identity/principal.ts'
import type { PolicyReading } from './authorize.ts'
import { toDecision } from './check-rules.ts'
import { type Decided, describeDecision } from './describe-decision.ts'
import { advisePermission } from './explain-decision.ts'
import { type Asked, EXPLAINED_GUARDS, type ExplainedGuard } from './explain-guards.ts'
import { findCapability } from './find-capability.ts'
import type { Guards } from './guards.ts'

/** A call that might be made. */
export interface ExplainedCall {
  readonly principal: Principal
  readonly kind: 'tool' | 'resource' | 'prompt'
  /** Tool or prompt name, resource URI. */
  readonly name: string
  readonly input: unknown
}

/** Why a call would be permitted or denied, and what every guard would do at this moment. For operators, never for callers. */
export interface Explanation {
  /** As it would stand in the audit record. */
  readonly decision: DecisionFields
  /** In the order in which a call passes them. */
  readonly guards: readonly GuardExplanation[]
  /** What the roles of the principal say of it; absent where there is no such capability. */
  readonly policy?: PolicyReading
  /** For a denial: each of these changes of the roles would permit it, or is a step to that. */
  readonly toPermit?: readonly string[]
}

/** What one guard would do. */
export interface GuardExplanation {
  readonly guard: ExplainedGuard
  /** `not-reached`: a guard before it refuses the call; `says` tells what it is set to. */
  readonly verdict: 'passes' | 'refuses' | 'not-reached'
  /** With which a call would be refused. */
  readonly code?: ErrorCode
  readonly says: string
}

/**
 * Explains what the guards would do with a call. Nothing of it happens: no handler runs, no token is taken, no place, no breaker
 * and no idempotency key is touched, and nothing is recorded. Of the author's code only the check of the arguments runs.
 */
export async function explainCall(guards: Guards, call: ExplainedCall): Promise<Explanation> {
  const capability = lookUp(guards, call)
  const explained = await explainGuards({ guards, call, capability })
  const decision = describeDecision(guards.policy, decidedBy(explained, { guards, call, capability }))
  if (capability === undefined) return { decision, guards: explained }
  const policy = guards.policy.explain(call.principal, capability)
  const advice = decision.reason === undefined ? {} : { toPermit: advisePermission(decision, policy) }
  return { decision, guards: explained, policy, ...advice }
}

async function explainGuards(asked: Asked): Promise<readonly GuardExplanation[]> {
  const explained: GuardExplanation[] = []
  let isRefused = false
  for (const { guard, explain } of EXPLAINED_GUARDS) {
    const { code, says } = await explain(asked)
    if (isRefused) explained.push({ guard, verdict: 'not-reached', says })
    else if (code === undefined) explained.push({ guard, verdict: 'passes', says })
    else explained.push({ guard, verdict: 'refuses', code, says })
    isRefused ||= code !== undefined
  }
  return explained
}

/** A record says no more of a call than was known when it was refused. */
function decidedBy(explained: readonly GuardExplanation[], { guards, call, capability }: Asked): Decided {
  const refusing = explained.find(({ verdict }) => verdict === 'refuses')
  const code = refusing?.code
  const isReached = explained.some(({ guard, verdict }) => guard === 'decision' && verdict !== 'not-reached')
  const coded = code === undefined ? {} : { code }
  if (!isReached || capability === undefined) return coded
  if (refusing?.guard === 'rules') {
    // Behind the name of the rule stands why it could not be evaluated, which is no part of a record.
    const [rule = ''] = refusing.says.split(': ')
    return { ...coded, capability, decision: toDecision({ rule, message: undefined }) }
  }
  return { ...coded, capability, decision: guards.policy.decide(call.principal, capability) }
}

function lookUp({ catalog }: Guards, { kind, name }: ExplainedCall): Capability | undefined {
  try {
    return findCapability(catalog, { kind, name, completion: undefined })
  } catch (thrown) {
    if (thrown instanceof ToolgateError && thrown.code === 'CAPABILITY_NOT_FOUND') return undefined
    throw thrown
  }
}
