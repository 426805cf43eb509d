import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Cancellation } from './call.ts'
import { type Entrant, Gate, type GateLimits } from './gate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const gateOf = (limits: Partial<GateLimits>): Gate =>
  new Gate({ maxConcurrent: 10, maxQueued: 10, maxQueuedMs: 1_000, ...limits })

const entrant = (principal: string, more: Partial<Entrant> = {}): Entrant => ({
  principal,
  principalMax: 10,
  capability: 'tool it',
  capabilityMax: undefined,
  cancellation: new Cancellation(),
  ...more,
})

/** Lets somebody try to get in; `names` gets the name when it does, or the code of the refusal. */
function come(gate: Gate, who: Entrant, names: string[]): void {
  const waiting = gate.enter(who)
  if (waiting === undefined) names.push(who.principal)
  else
    waiting.then(
      () => names.push(who.principal),
      (thrown: { code: string }) => names.push(thrown.code),
    )
}

const settled = async (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

describe('the gate', () => {
  it('lets callers in turn by turn, whoever came with more', async () => {
    const gate = gateOf({ maxConcurrent: 1 })
    const names: string[] = []
    for (const name of ['ann', 'ann', 'ann', 'bob']) come(gate, entrant(name), names)
    expect(names).toEqual(['ann'])
    gate.leave(entrant('ann'))
    await settled()
    gate.leave(entrant('ann'))
    await settled()
    expect(names).toEqual(['ann', 'ann', 'bob'])
    expect([gate.running, gate.waiting]).toEqual([1, 1])
  })

  it('holds up who has a limit reached, and nobody else', async () => {
    const gate = gateOf({})
    const names: string[] = []
    const one = { capabilityMax: 1 }
    come(gate, entrant('ann', one), names)
    come(gate, entrant('bob', one), names)
    come(gate, entrant('cleo', { capability: 'tool other', ...one }), names)
    come(gate, entrant('dora', { principalMax: 1 }), names)
    come(gate, entrant('dora', { principalMax: 1 }), names)
    expect(names).toEqual(['ann', 'cleo', 'dora'])
    gate.leave(entrant('ann', one))
    await settled()
    expect(names.at(-1)).toBe('bob')
    expect(gate.waiting).toBe(1)
  })

  it('lets nobody wait for longer than a while, and says whose limit it was', async () => {
    const gate = gateOf({ maxConcurrent: 2 })
    const names: string[] = []
    come(gate, entrant('ann', { principalMax: 1 }), names)
    come(gate, entrant('ann', { principalMax: 1 }), names)
    await vi.advanceTimersByTimeAsync(1_000)
    come(gate, entrant('bob'), names)
    come(gate, entrant('cleo'), names)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(names).toEqual(['ann', 'RATE_LIMITED', 'bob', 'OVERLOADED'])
    expect(gate.waiting).toBe(0)
  })

  it('refuses at once when too many wait, and says when to come back', async () => {
    const gate = gateOf({ maxConcurrent: 1, maxQueued: 0, maxQueuedMs: 2_500 })
    void gate.enter(entrant('ann'))
    await expect(gate.enter(entrant('bob'))).rejects.toMatchObject({ code: 'OVERLOADED', data: { retryAfter: 3 } })
  })

  it('is left by who cancels while waiting', async () => {
    const gate = gateOf({ maxConcurrent: 1 })
    const names: string[] = []
    const bob = entrant('bob')
    come(gate, entrant('ann'), names)
    come(gate, bob, names)
    bob.cancellation.cancel()
    await settled()
    expect([names, gate.waiting]).toEqual([['ann', 'CANCELLED'], 0])
    gate.leave(entrant('ann'))
    expect(gate.running).toBe(0)
  })

  it('does not let one caller fill the queue for the others', async () => {
    const gate = gateOf({ maxConcurrent: 1, maxQueued: 3 })
    const names: string[] = []
    for (const name of ['ann', 'ann', 'ann', 'ann', 'bob']) come(gate, entrant(name), names)
    await settled()
    expect(names).toEqual(['ann', 'OVERLOADED'])
    gate.leave(entrant('ann'))
    gate.leave(entrant('ann'))
    await settled()
    expect(names).toContain('bob')
  })
})
