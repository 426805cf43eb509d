import { isoTime } from '../observe/iso-time.ts'
import type { Observer } from '../observe/observation.ts'
import type { GrantChanged, UserChanged } from './access-changes.ts'
import { type AuditTrail, toEntry } from './audit-trail.ts'
import { RefusalCounter } from './refusal-counter.ts'

/** An observer that writes into the trail what is no call: who was not let in, and what is offered. */
export function createAuditObserver(audit: AuditTrail, clock: () => number): Observer & { close(): void } {
  const refusals = new RefusalCounter({
    clock,
    write: (refused) => audit.append(toEntry({ time: isoTime(clock()), event: 'auth.refused', ...refused })),
  })
  const observe: Observer = (observation) => {
    if (observation.type === 'auth.refused') refusals.count(observation.address, observation.reason)
    if (observation.type === 'user.changed' || observation.type === 'grant.changed') {
      const { type: event, ...change } = observation
      audit.append(toEntry({ time: isoTime(clock()), event, ...change } as UserChanged | GrantChanged))
    }
    if (observation.type === 'catalog.changed') {
      const { added, removed } = observation.details ?? {}
      audit.append(
        toEntry({ time: isoTime(clock()), event: 'catalog.changed', added: names(added), removed: names(removed) }),
      )
    }
  }
  return Object.assign(observe, { close: () => refusals.close() })
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
