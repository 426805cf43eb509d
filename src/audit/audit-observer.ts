import { isoTime } from '../observe/iso-time.ts'
import type { Observation, Observer } from '../observe/observation.ts'
import type { GrantChanged, UserChanged } from './access-changes.ts'
import type { AuditEvent } from './audit-record.ts'
import { type AuditTrail, toEntry } from './audit-trail.ts'
import { RefusalCounter } from './refusal-counter.ts'

/** An observer that writes into the trail what is no call: who was not let in, what is offered, and overloads. */
export function createAuditObserver(audit: AuditTrail, clock: () => number): Observer & { close(): void } {
  const refusals = new RefusalCounter({
    clock,
    write: (refused) => audit.append(toEntry({ time: isoTime(clock()), event: 'auth.refused', ...refused })),
  })
  const observe: Observer = (observation) => {
    if (observation.type === 'auth.refused') refusals.count(observation.address, observation.reason)
    const event = toEvent(observation, clock)
    if (event !== undefined) audit.append(toEntry(event))
  }
  return Object.assign(observe, { close: () => refusals.close() })
}

function toEvent(seen: Observation, clock: () => number): AuditEvent | undefined {
  switch (seen.type) {
    case 'catalog.changed':
      return {
        event: seen.type,
        time: isoTime(clock()),
        added: names(seen.details?.added),
        removed: names(seen.details?.removed),
      }
    case 'overload.began':
      return { event: seen.type, time: isoTime(clock()), ...seen.details }
    case 'overload.ended':
      return { event: seen.type, time: isoTime(clock()), ...seen.details }
    case 'user.changed':
    case 'grant.changed': {
      const { type: event, ...change } = seen
      return { event, time: isoTime(clock()), ...change } as UserChanged | GrantChanged
    }
    default:
      return undefined
  }
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
