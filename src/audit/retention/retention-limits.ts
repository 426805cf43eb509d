import type { AuditEventName } from '../audit-record.ts'
import type { RecordClass, RetentionOptions } from '../options.ts'

/** How long records are kept. */
export interface RetentionLimits {
  /** Milliseconds for the records of an event; `Infinity`: for ever; 0: it keeps nothing from being removed. */
  of(event: string): number
  /** The shortest that is set; `Infinity` where nothing is ever removed. */
  readonly shortestMs: number
}

const DAY_MS = 86_400_000

/**
 * `undefined`: what goes with the records it stands beside. The last `retention` of a chain never goes, because it stands behind
 * the cut.
 */
const CLASSES: Readonly<Record<AuditEventName, RecordClass | undefined>> = {
  'call.decided': 'calls',
  'call.completed': 'calls',
  'list.served': 'lists',
  'auth.refused': 'access',
  'key.changed': 'access',
  'user.changed': 'access',
  'grant.changed': 'access',
  'config.changed': 'config',
  'catalog.changed': 'config',
  'lifecycle.started': 'lifecycle',
  'lifecycle.stopped': 'lifecycle',
  'sandbox.made': 'access',
  'overload.began': 'lifecycle',
  'overload.ended': 'lifecycle',
  gap: 'lifecycle',
  'sink.failed': 'lifecycle',
  'trail.read': 'trail',
  'subject.erased': 'trail',
  'subject.held': 'trail',
  'hold.changed': 'trail',
  'subject.introduced': undefined,
  checkpoint: undefined,
  retention: undefined,
}

/** The limits that the options set. Events that this version does not know are kept for ever. */
export function readLimits(options: RetentionOptions): RetentionLimits {
  const limitOf = (each: RecordClass | 'default'): number => readDays(options[each] ?? options.default)
  const set = (Object.keys(options) as (RecordClass | 'default')[]).map(limitOf)
  return {
    of(event) {
      if (!Object.hasOwn(CLASSES, event)) return Number.POSITIVE_INFINITY
      const recordClass = CLASSES[event as AuditEventName]
      return recordClass === undefined ? 0 : limitOf(recordClass)
    },
    shortestMs: Math.min(Number.POSITIVE_INFINITY, ...set),
  }
}

function readDays(span: string | undefined): number {
  return span === undefined || span === 'forever' ? Number.POSITIVE_INFINITY : Number.parseInt(span, 10) * DAY_MS
}
