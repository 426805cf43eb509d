import { describe, expect, test } from 'vitest'
import { median, percentile, type Round, summarise } from '../../bench/arithmetic.ts'

const round = (given: Partial<Round>): Round => ({
  answers: 1000,
  wallMs: 500,
  cpuUs: 50_000,
  p50Ms: 1,
  p99Ms: 5,
  otherLoad: 0,
  ...given,
})

describe('percentile', () => {
  test('is the value that so many of the values do not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1)
    expect(percentile(values, 0.99)).toBe(99)
    expect(percentile(values, 0.5)).toBe(50)
    expect(percentile(values, 1)).toBe(100)
  })

  test('of one value is that value, and of none is not a number', () => {
    expect(percentile([7], 0.99)).toBe(7)
    expect(percentile([], 0.99)).toBeNaN()
  })
})

test('the median is a value that was measured, whatever the order', () => {
  expect(median([30, 10, 20])).toBe(20)
  expect(median([40, 10, 30, 20])).toBe(20)
})

describe('the figures of a subject', () => {
  test('are those of the round with the least CPU per call, all of that one round', () => {
    const loud = round({ cpuUs: 90_000, wallMs: 250, p99Ms: 1 })
    const quiet = round({ cpuUs: 40_000, wallMs: 500, p99Ms: 3, otherLoad: 0.4 })
    const figures = summarise([loud, quiet, round({ cpuUs: 60_000 })])
    expect(figures).toMatchObject({ cpuUsPerCall: 40, requestsPerSecond: 2000, p99Ms: 3 })
    expect(figures).toMatchObject({ medianCpuUsPerCall: 60, worstCpuUsPerCall: 90, otherLoad: [0, 0.4], answers: 3000 })
  })

  test('cannot be had without a round', () => {
    expect(() => summarise([])).toThrow('no round was measured')
  })
})
