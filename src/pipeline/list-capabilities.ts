import type { Capability } from '../capabilities/capability.ts'
import type { Principal } from '../identity/principal.ts'
import { isVisible } from './authorize.ts'
import type { Guards } from './guards.ts'

/** Those of `all` that the principal may know of, in their order: the decision is the one that gates the calls. */
export function listCapabilities<C extends Capability>(
  guards: Guards,
  principal: Principal,
  all: readonly C[],
): readonly C[] {
  return all.filter((capability) => isVisible(guards.policy.decide(principal, capability)))
}
