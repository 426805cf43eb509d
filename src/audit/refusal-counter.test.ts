import { describe, expect, it } from 'vitest'
import { type CountedRefusals, RefusalCounter } from './refusal-counter.ts'

function count(): { counter: RefusalCounter; written: CountedRefusals[]; pass: (ms: number) => void } {
  const written: CountedRefusals[] = []
  let now = 0
  const counter = new RefusalCounter({ clock: () => now, write: (refused) => void written.push(refused) })
  const pass = (ms: number): void => {
    now += ms
  }
  return { counter, written, pass }
}

describe('refusals', () => {
  it('have a record each at first, and then one for the rest of the minute', () => {
    const { counter, written, pass } = count()
    for (let at = 0; at < 10_000; at += 1) counter.count('192.0.2.1', 'unknown')
    expect(written).toHaveLength(5)
    pass(60_000)
    counter.count('192.0.2.2', 'unknown')
    expect(written.slice(5)).toEqual([
      { address: '192.0.2.1', reason: 'unknown', count: 9_995 },
      { address: '192.0.2.2', reason: 'unknown', count: 1 },
    ])
  })

  it('of any number of addresses fill neither the memory nor the disk, and none is left uncounted', () => {
    const { counter, written } = count()
    for (let at = 0; at < 50_000; at += 1) counter.count(`2001:db8::${at}`, 'unknown')
    expect(written.length).toBeLessThan(1_010)
    counter.close()
    expect(written.reduce((sum, each) => sum + each.count, 0)).toBe(50_000)
  })
})
