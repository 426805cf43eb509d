import { describe, expect, it } from 'vitest'
import type { Observation } from '../observe/observation.ts'
import { createAuditObserver } from './audit-observer.ts'
import { createMemoryAuditTrail } from './memory-audit-trail.ts'

/** What stands in the trail after these were observed, in order. */
function record(...seen: readonly Observation[]): readonly unknown[] {
  const trail = createMemoryAuditTrail()
  const observe = createAuditObserver(trail, () => 0)
  for (const observation of seen) observe(observation)
  observe.close()
  return trail.records
}

const time = '1970-01-01T00:00:00.000Z'

describe('the trail has, beside calls,', () => {
  it('when an overload began, when it ended, and how many calls it refused, since these leave no record', () => {
    const began = { delayMs: 210, callsInFlight: 90 }
    const ended = { refused: 1_200, durationMs: 4_000 }
    expect(
      record(
        { type: 'overload.began', message: 'm', details: began },
        { type: 'overload.ended', message: 'm', details: ended },
      ),
    ).toEqual([
      { event: 'overload.began', time, ...began },
      { event: 'overload.ended', time, ...ended },
    ])
  })

  it('what is offered, by name', () => {
    const details = { added: ['a'], removed: ['b'] }
    expect(record({ type: 'catalog.changed', message: 'm', details })).toEqual([
      { event: 'catalog.changed', time, ...details },
    ])
  })

  it('who was not let in', () => {
    const refused = { address: '192.0.2.1', reason: 'no credential' }
    expect(record({ type: 'auth.refused', code: 'UNAUTHENTICATED', ...refused })).toEqual([
      { event: 'auth.refused', time, count: 1, ...refused },
    ])
  })

  it('nothing of what is only for the log', () => {
    expect(record({ type: 'warning', message: 'm' }, { type: 'fault', message: 'm' })).toEqual([])
  })
})
