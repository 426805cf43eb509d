import type { Principal } from '../identity/principal.ts'
import { findRefusal } from '../pipeline/check-rules.ts'
import type { Guards } from '../pipeline/guards.ts'

/** Whether the principal may read the resource, this very URI, so may hear that it changed. */
export function canRead({ catalog, policy }: Guards, principal: Principal, uri: string): boolean {
  const capability = catalog.findResource(uri)
  if (capability === undefined || policy.decide(principal, capability).effect !== 'permit') return false
  const call = { kind: 'resource', name: uri, principal, completion: undefined } as const
  return findRefusal(policy, { capability, input: undefined }, call) === undefined
}
