import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue } from './fair-queue.ts'

const all = (): boolean => true

function drain(queue: FairQueue<string>): string[] {
  const taken: string[] = []
  for (let next = queue.take(all); next !== undefined; next = queue.take(all)) taken.push(next)
  return taken
}

describe('the queue', () => {
  it('serves owners in turn and each in the order of coming', () => {
    const queue = new FairQueue<string>(10)
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.add(item.charAt(0), item)
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  })

  it('passes over what may not be taken yet', () => {
    const queue = new FairQueue<string>(10)
    for (const item of ['a1', 'a2', 'b1']) queue.add(item.charAt(0), item)
    expect(queue.take((item) => item !== 'a1')).toBe('a2')
    expect(drain(queue)).toEqual(['b1', 'a1'])
  })

  it('that somebody has filled still has room for others, at the cost of who filled it', () => {
    const queue = new FairQueue<string>(4)
    for (const item of ['a1', 'a2', 'a3', 'a4']) queue.add('a', item)
    expect(queue.add('a', 'a5')).toBe('a5')
    expect(queue.add('b', 'b1')).toBe('a4')
    expect(queue.add('b', 'b2')).toBe('a3')
    expect(queue.add('b', 'b3')).toBe('b3')
    expect(drain(queue)).toEqual(['a1', 'b1', 'a2', 'b2'])
  })

  it('never holds more than it may, loses nothing, and keeps the order of each owner', () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ take: fc.constantFrom('a', 'b', 'c', 'd', '') }),
      fc.record({ remove: fc.nat({ max: 60 }) }),
    )
    fc.assert(
      fc.property(fc.nat({ max: 6 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const queue = new FairQueue<{ owner: string; at: number }>(max)
        const within: { owner: string; at: number }[] = []
        const lose = (item: { owner: string; at: number } | undefined): void => {
          if (item !== undefined) within.splice(within.indexOf(item), 1)
        }
        for (const [at, each] of steps.entries()) {
          if ('add' in each) {
            const item = { owner: each.add, at }
            within.push(item)
            lose(queue.add(each.add, item))
          } else if ('take' in each) {
            const mayTake = (item: { owner: string }): boolean => item.owner !== each.take
            const item = queue.take(mayTake)
            expect(item === undefined).toBe(!within.some(mayTake))
            if (item !== undefined) expect(within.find(({ owner }) => owner === item.owner)).toBe(item)
            lose(item)
          } else {
            const item = within[each.remove]
            if (item !== undefined) queue.remove(item.owner, item)
            lose(item)
          }
          expect(queue.size).toBe(within.length)
          expect(queue.size).toBeLessThanOrEqual(max)
        }
      }),
    )
  })
})
