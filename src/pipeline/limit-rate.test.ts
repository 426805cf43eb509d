import { describe, expect, it } from 'vitest'
import { createRateLimiter } from './limit-rate.ts'

describe('the rate limiter', () => {
  it('gives a burst, then a token at a time', () => {
    let now = 1_000_000
    const limiter = createRateLimiter({ callsPerMinute: 60, burst: 3 }, () => now)
    expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([0, 0, 0])
    expect(limiter.take('a')).toBe(1)
    now += 1000
    expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(1)
    now += 60_000
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1])
  })

  it('serves a hundred a minute by default and no more', () => {
    const limiter = createRateLimiter({ callsPerMinute: 100, burst: 100 }, () => 5)
    const answers = Array.from({ length: 101 }, () => limiter.take('a'))
    expect(answers.filter((seconds) => seconds === 0)).toHaveLength(100)
  })

  it('keeps callers apart', () => {
    const limiter = createRateLimiter({ callsPerMinute: 1, burst: 1 }, () => 0)
    expect(limiter.take('a')).toBe(0)
    expect(limiter.take('b')).toBe(0)
    expect(limiter.take('a')).toBeGreaterThan(0)
  })

  it('remembers those it refuses, however many others come', () => {
    const limiter = createRateLimiter({ callsPerMinute: 1, burst: 1 }, () => 0)
    for (let caller = 0; caller < 9_999; caller += 1) limiter.take(`other ${caller}`)
    expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBeGreaterThan(0)
  })
})
