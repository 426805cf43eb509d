import type { Capability } from '../capabilities/capability.ts'
import { ToolgateError } from '../errors.ts'
import type { Decision, Policy } from './authorize.ts'
import type { Call } from './call.ts'
import type { Trace } from './outcome.ts'
import type { RuleRefusal } from './rules/compile-rules.ts'

/** What the rules look at of a call. */
type Ruled = Pick<Call, 'kind' | 'name' | 'principal' | 'completion'>

/**
 * Lets a call pass whose arguments no rule denies; `input` is what the handler will get. Throws `FORBIDDEN`; the rule stands in the
 * record.
 */
export function checkRules(
  policy: Policy,
  { capability, input, trace }: { capability: Capability; input: unknown; trace: Pick<Trace, 'decision'> },
  call: Ruled,
): void {
  const refusal = findRefusal(policy, { capability, input }, call)
  if (refusal === undefined) return
  trace.decision = toDecision(refusal)
  throw new ToolgateError({
    code: 'FORBIDDEN',
    message: refusal.message ?? `You may use ${call.name}, but not with these arguments.`,
  })
}

/** What a rule says against the arguments of a call. */
export function findRefusal(
  policy: Policy,
  { capability, input }: { readonly capability: Capability; readonly input: unknown },
  call: Ruled,
): RuleRefusal | undefined {
  // A task was permitted with its arguments when it was made.
  if (call.kind === 'task') return undefined
  return policy.rules.ofCall(call.principal, capability, () => argumentsOf(capability, call, input))
}

/** The same as the record has it. */
export function toDecision({ rule }: RuleRefusal): Decision {
  return { effect: 'deny', reason: 'rule', rule, missing: [] }
}

/** A resource has the variables of its URI and the URI itself, a completion what was filled in so far and what is being typed. */
function argumentsOf(capability: Capability, call: Ruled, input: unknown): unknown {
  if (call.kind === 'completion') {
    const { completion } = call
    return completion === undefined ? {} : { ...completion.arguments, [completion.argument]: completion.typed }
  }
  if (capability.kind === 'resourceTemplate') return { ...capability.template.match(call.name), uri: call.name }
  return capability.kind === 'resource' ? { uri: call.name } : input
}
