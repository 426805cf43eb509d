import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_BINS, Sketch } from './sketch.ts'

const SHORTEST = 2 ** -10
const LONGEST = 2 ** 31

/** From a microsecond to 24 days, as often short as long. */
const duration = fc.double({ min: -10, max: 30.999, noNaN: true }).map((exponent) => 2 ** exponent)
const anything = fc.oneof(
  duration,
  fc.double(),
  fc.constantFrom(0, -0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE, Number.MIN_VALUE),
)

function sketchOf(durations: readonly number[]): Sketch {
  const sketch = new Sketch()
  for (const each of durations) sketch.add(each)
  return sketch
}

describe('a sketch of durations', () => {
  it('knows every quantile to within 2 %', () => {
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (durations, part) => {
          const exact = [...durations].sort((a, b) => a - b)[Math.max(1, Math.ceil(part * durations.length)) - 1] ?? 0
          const found = sketchOf(durations).quantile(part) ?? Number.NaN
          expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(0.02)
        },
      ),
    )
  })

  it('takes what is too short for nothing, and what is too long for the longest', () => {
    for (const short of [0, -0, -5, Number.NaN, Number.NEGATIVE_INFINITY, Number.MIN_VALUE, SHORTEST * 0.999])
      expect(sketchOf([short]).quantile(0.5)).toBe(0)
    for (const long of [LONGEST, Number.MAX_VALUE, Number.POSITIVE_INFINITY])
      expect(Math.abs((sketchOf([long]).quantile(0.5) ?? 0) - LONGEST) / LONGEST).toBeLessThanOrEqual(0.02)
    expect(sketchOf([SHORTEST]).quantile(0.5)).toBeCloseTo(SHORTEST, 4)
  })

  it('has no quantile while it is empty', () => {
    expect(new Sketch().quantile(0.5)).toBeUndefined()
    expect(Sketch.decode(new Sketch().encode())?.count).toBe(0)
  })

  it('merged with another one is the sketch of both', () => {
    fc.assert(
      fc.property(fc.array(anything), fc.array(anything), (one, two) => {
        const merged = sketchOf(one)
        const other = sketchOf(two)
        merged.merge(other)
        expect(merged.encode()).toBe(sketchOf([...two, ...one]).encode())
        expect(merged.count).toBe(one.length + two.length)
        expect(other.encode()).toBe(sketchOf(two).encode())
      }),
    )
  })

  it('can be merged with itself', () => {
    const sketch = sketchOf([1, 2, 2])
    sketch.merge(sketch)
    expect(sketch.encode()).toBe(sketchOf([1, 2, 2, 1, 2, 2]).encode())
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 400 }), (durations) => {
        const sketch = sketchOf(durations)
        const read = Sketch.decode(sketch.encode())
        expect(read?.encode()).toBe(sketch.encode())
        expect(read?.count).toBe(durations.length)
      }),
    )
    const many = sketchOf([7])
    for (let doubled = 0; doubled < 45; doubled += 1) many.merge(many)
    expect(Sketch.decode(many.encode())?.count).toBe(2 ** 45)
  })

  it('is not read from text that is none', () => {
    const whole = sketchOf([1, 1000]).encode()
    const bytes = (...all: readonly number[]): string => Buffer.from(all).toString('base64url')
    const bad = ['', '!', whole.slice(0, -2), bytes(2, 1, 1), bytes(1, 1), bytes(1, 1, 0), bytes(1, 1, 1, 0, 1)]
    for (const text of [...bad, bytes(1, 0xff, 0xff, 1, 1), bytes(1, ...Array.from({ length: 40 }, () => 0xff), 1, 1)])
      expect(Sketch.decode(text)).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        const read = Sketch.decode(Buffer.from([1, ...noise]).toString('base64url'))
        if (read !== undefined) expect(read.quantile(0.5) ?? 0).toBeLessThanOrEqual(LONGEST)
      }),
    )
  })

  it('stays small, whatever is added to it', () => {
    const sketch = new Sketch()
    for (let at = 0; at < 200_000; at += 1) sketch.add(2 ** ((at % 3_000) / 50 - 20) * (1 + (at % 977) / 977))
    expect(sketch.size).toBeLessThanOrEqual(MAX_BINS)
    expect(sketch.encode().length).toBeLessThan(6_000)
    expect(sketchOf([12, 13, 14, 15, 250]).encode().length).toBeLessThan(20)
  })
})
