import type { DecisionFields } from '../audit/audit-record.ts'
import { toMembers } from '../audit/audit-trail.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Decision, Policy } from './authorize.ts'
import type { Trace } from './outcome.ts'

/** As far as a call has come. */
export type Decided = Pick<Trace, 'capability' | 'decision' | 'code'>

/** What there is to say of the decision on a call; the same in its records and in the explanation of it. */
export function describeDecision({ hash }: Policy, { capability, decision, code }: Decided): DecisionFields {
  const isLimited = decision?.effect === 'deny' && decision.reason === 'credential'
  const scopes = (isLimited ? capability?.credentialScopes : capability?.scopes) ?? []
  return {
    decision: decision?.effect ?? 'deny',
    rule: decision?.rule ?? code ?? 'none',
    policy: hash,
    ...(scopes.length === 0 ? {} : { scopesNeeded: scopes }),
    ...(decision?.effect !== 'deny' ? {} : { reason: decision.reason }),
    ...(decision?.effect !== 'deny' || decision.missing.length === 0 ? {} : { missing: decision.missing }),
  }
}

interface Written {
  readonly policy: Policy
  readonly capability: Capability | undefined
  readonly members: string
}

/** Policies remember their decisions, so their text is worth remembering. */
const written = new WeakMap<Decision, Written>()

/** The same as members of a record, on one line of plain text. */
export function writeDecision(policy: Policy, decided: Decided): string {
  const { decision, capability } = decided
  const known = decision === undefined ? undefined : written.get(decision)
  if (known?.policy === policy && known.capability === capability) return known.members
  const members = toMembers(describeDecision(policy, decided))
  if (decision !== undefined) written.set(decision, { policy, capability, members })
  return members
}
