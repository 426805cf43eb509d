import type { Principal } from '../identity/principal.ts'
import type { Guards } from '../pipeline/guards.ts'

/** Whether the principal may read the resource, so may hear that it changed. */
export function canRead(guards: Guards, principal: Principal, uri: string): boolean {
  const resource = guards.catalog.findResource(uri)
  return resource !== undefined && guards.policy.decide(principal, resource).effect === 'permit'
}
