import { describe, expect, it } from 'vitest'
import { createFailureLimiter, type FailureLimiter } from './failure-limiter.ts'

function failTimes(limiter: FailureLimiter, address: string, times: number): number {
  let last = 0
  for (let count = 0; count < times; count += 1) last = limiter.fail(address)
  return last
}

describe('failed authentications from one address', () => {
  it('are limited after twenty, and one more is given every three seconds', () => {
    let now = 1_000_000
    const limiter = createFailureLimiter(() => now)
    expect(failTimes(limiter, '192.0.2.1', 20)).toBe(0)
    expect(limiter.isLimited('192.0.2.1')).toBe(true)
    expect(limiter.fail('192.0.2.1')).toBe(3)
    now += 2_999
    expect(limiter.fail('192.0.2.1')).toBe(1)
    now += 1
    expect(limiter.isLimited('192.0.2.1')).toBe(false)
    expect(limiter.fail('192.0.2.1')).toBe(0)
    expect(limiter.fail('192.0.2.1')).toBe(3)
  })

  it('do not count against other addresses', () => {
    const limiter = createFailureLimiter(() => 0)
    failTimes(limiter, '192.0.2.1', 100)
    expect(limiter.isLimited('192.0.2.2')).toBe(false)
  })

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2'],
    ['2001:DB8:0:1:0:0:0:1', '2001:db8:0:1::9'],
    ['fe80::1%eth0', 'fe80::2'],
    ['::1', '0:0:0:0::2'],
  ])('count together for %s and %s', (one, other) => {
    const limiter = createFailureLimiter(() => 0)
    failTimes(limiter, one, 20)
    expect(limiter.isLimited(other)).toBe(true)
  })

  it('count apart for two networks of IPv6', () => {
    const limiter = createFailureLimiter(() => 0)
    failTimes(limiter, '2001:db8:0:1::1', 20)
    expect(limiter.isLimited('2001:db8:0:2::1')).toBe(false)
    expect(limiter.isLimited('2001:db8::1')).toBe(false)
  })

  it('are forgotten, oldest first, when ten thousand networks fail', () => {
    const limiter = createFailureLimiter(() => 0)
    failTimes(limiter, '192.0.2.1', 20)
    for (let count = 0; count < 10_000; count += 1)
      limiter.fail(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`)
    expect(limiter.isLimited('192.0.2.1')).toBe(false)
    expect(failTimes(limiter, '10.0.39.15', 20)).toBeGreaterThan(0)
  })

  it('lock nobody out for longer than a minute when the clock is set back', () => {
    let now = 10_000_000
    const limiter = createFailureLimiter(() => now)
    failTimes(limiter, '192.0.2.1', 20)
    now = 0
    expect(limiter.isLimited('192.0.2.1')).toBe(true)
    now += 60_000
    expect(failTimes(limiter, '192.0.2.1', 20)).toBe(0)
  })
})
