import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { Observer } from '../observe/observation.ts'
import type { Policy } from './authorize.ts'
import type { RateLimiter } from './limit-rate.ts'

/** Milliseconds and counts that bound one call. */
export interface CallLimits {
  readonly deadlineMs: number
  /** Whatever progress is reported. */
  readonly maxDeadlineMs: number
  readonly maxNotificationsPerCall: number
}

/** Everything the guards need; handed down, never imported. `catalog` and `policy` are replaced when they change. */
export interface Guards {
  catalog: Catalog
  policy: Policy
  readonly limiter: RateLimiter
  readonly audit: AuditTrail
  readonly observe: Observer
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Milliseconds, finer than the clock and never set back; for durations. */
  readonly timer: () => number
  readonly limits: CallLimits
}
