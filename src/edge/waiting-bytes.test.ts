import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WaitingBytes } from './waiting-bytes.ts'

const limits = { max: 100, maxPerPrincipal: 60 }

describe('what waits for clients', () => {
  it('of one principal is let go of where most waits, and nothing of others', () => {
    const waiting = new WaitingBytes(limits)
    const dropped: string[] = []
    const hold = (owner: string, name: string) => waiting.hold(owner, () => dropped.push(name))
    hold('bob', 'bob').set(40)
    const [small, large] = [hold('ann', 'small'), hold('ann', 'large')]
    large.set(50)
    small.set(10)
    expect(dropped).toEqual([])
    small.set(11)
    expect([dropped, waiting.total]).toEqual([['large'], 51])
  })

  it('of all is let go of where the principal with the most has most', () => {
    const waiting = new WaitingBytes(limits)
    const dropped: string[] = []
    const hold = (owner: string) => waiting.hold(owner, () => dropped.push(owner))
    hold('ann').set(50)
    hold('bob').set(45)
    hold('eve').set(6)
    expect([dropped, waiting.total]).toEqual([['ann'], 51])
  })

  it('counts no more once its place is closed', () => {
    const waiting = new WaitingBytes(limits)
    const held = waiting.hold('ann', () => {})
    held.set(20)
    held.close()
    held.close()
    held.set(50)
    expect(waiting.total).toBe(0)
  })

  it('never exceeds its bounds, whatever comes and goes', () => {
    const steps = fc.array(fc.record({ place: fc.nat(9), bytes: fc.nat(80), isClosed: fc.boolean() }), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(steps, (all) => {
        const waiting = new WaitingBytes(limits)
        const bytes = new Array<number>(10).fill(0)
        const places = bytes.map((_, at) => waiting.hold(`p${at % 3}`, () => (bytes[at] = 0)))
        for (const step of all) {
          bytes[step.place] = step.isClosed ? 0 : step.bytes
          places[step.place]?.set(step.isClosed ? 0 : step.bytes)
          const sum = (owner: number) => bytes.reduce((a, b, at) => (at % 3 === owner ? a + b : a), 0)
          expect(waiting.total).toBe(sum(0) + sum(1) + sum(2))
          expect(waiting.total).toBeLessThanOrEqual(limits.max)
          for (const owner of [0, 1, 2]) expect(sum(owner)).toBeLessThanOrEqual(limits.maxPerPrincipal)
        }
      }),
    )
  })
})
