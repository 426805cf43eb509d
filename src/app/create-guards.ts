import { isDeepStrictEqual } from 'node:util'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { Config } from '../config/config.ts'
import type { Observer } from '../observe/observation.ts'
import { createPolicy } from '../pipeline/authorize.ts'
import type { Guards } from '../pipeline/guards.ts'
import { InFlight } from '../pipeline/in-flight.ts'
import { createRateLimiter } from '../pipeline/limit-rate.ts'
import { Recall } from '../pipeline/recall.ts'
import { createMaskerSelection } from '../pipeline/select-masker.ts'
import { createSanitizer } from '../sanitize/sanitizer.ts'
import { createMemoryRecallStore } from '../storage/memory/recall-store.ts'

/** What the guards of one configuration after the other have in common. */
export interface GuardParts {
  readonly audit: AuditTrail
  readonly observe: Observer
  readonly clock: () => number
  readonly timer: () => number
  /** For hashes of personal data. */
  readonly hashKey: Uint8Array
}

/** The configuration that was served before, and its guards. */
export interface Served {
  readonly config: Config
  readonly guards: Guards
}

/** Makes the guards of a configuration. What is counted or remembered under unchanged options goes on. */
export function createGuards(config: Config, catalog: Catalog, parts: GuardParts, before?: Served): Guards {
  const { access, limits, idempotency, sanitize } = config
  const { hashKey, ...shared } = parts
  const isSameLimit = before !== undefined && isDeepStrictEqual(before.config.limits, limits)
  const isSameRecall = before !== undefined && isDeepStrictEqual(before.config.idempotency, idempotency)
  return {
    ...shared,
    catalog,
    policy: createPolicy(access.roles),
    inFlight: new InFlight(),
    recall: isSameRecall ? before.guards.recall : createRecall(idempotency, parts.clock),
    limiter: isSameLimit ? before.guards.limiter : createRateLimiter(limits, parts.clock),
    limits,
    maskerOf: createMaskerSelection(createSanitizer({ ...sanitize, hashKey }), sanitize.personal),
  }
}

function createRecall(options: Config['idempotency'], clock: () => number): Recall {
  return new Recall({ store: createMemoryRecallStore(options), options, clock })
}
