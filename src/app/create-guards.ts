import { isDeepStrictEqual } from 'node:util'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { Config } from '../config/config.ts'
import type { Observer } from '../observe/observation.ts'
import { createPolicy } from '../pipeline/authorize.ts'
import type { Guards } from '../pipeline/guards.ts'
import { InFlight } from '../pipeline/in-flight.ts'
import { createRateLimiter } from '../pipeline/limit-rate.ts'

/** What the guards of one configuration after the other have in common. */
export interface GuardParts {
  readonly audit: AuditTrail
  readonly observe: Observer
  readonly clock: () => number
  readonly timer: () => number
}

/** The configuration that was served before, and its guards. */
export interface Served {
  readonly config: Config
  readonly guards: Guards
}

/** Makes the guards of a configuration. What callers have used up of an unchanged limit stays used up. */
export function createGuards(config: Config, catalog: Catalog, parts: GuardParts, before?: Served): Guards {
  const { access, limits } = config
  const isSameLimit = before !== undefined && isDeepStrictEqual(before.config.limits, limits)
  return {
    ...parts,
    catalog,
    policy: createPolicy(access.roles),
    inFlight: new InFlight(),
    limiter: isSameLimit ? before.guards.limiter : createRateLimiter(limits, parts.clock),
    limits,
  }
}
