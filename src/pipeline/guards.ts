import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { Observer } from '../observe/observation.ts'
import type { AuditPlan } from './audit-plan.ts'
import type { Policy } from './authorize.ts'
import type { Breakers } from './breakers.ts'
import type { Gate } from './gate.ts'
import type { InFlight } from './in-flight.ts'
import type { RateCounters } from './rate-counters.ts'
import type { Recall } from './recall.ts'
import type { Masking, SelectMasker } from './select-masker.ts'
import type { UseLimits } from './use-limits.ts'

/** Milliseconds and counts that bound one call. */
export interface CallLimits {
  readonly deadlineMs: number
  /** Whatever progress is reported. */
  readonly maxDeadlineMs: number
  readonly maxNotificationsPerCall: number
  /** Tokens that a list takes. */
  readonly listCost: number
}

/**
 * Everything the guards need; handed down, never imported. A change of what is offered or configured makes new guards; a
 * call that runs ends under those it began with.
 */
export interface Guards {
  readonly catalog: Catalog
  readonly policy: Policy
  readonly inFlight: InFlight
  readonly recall: Recall
  readonly use: UseLimits
  readonly counters: RateCounters
  readonly gate: Gate
  readonly breakers: Breakers
  readonly audit: AuditTrail
  readonly plan: AuditPlan
  readonly observe: Observer
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Milliseconds, finer than the clock and never set back; for durations. */
  readonly timer: () => number
  readonly limits: CallLimits
  readonly maskerOf: SelectMasker
  /** The same for what is recorded of payloads; secrets are always masked there. */
  readonly recordMaskerOf: SelectMasker
  /** What is masked in results. */
  readonly describeMasking: (capability: Capability) => Masking
}
