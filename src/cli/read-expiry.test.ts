import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readExpiry } from './read-expiry.ts'
import { UsageError } from './usage-error.ts'

const NOW = Date.parse('2026-11-23T00:00:00Z')

describe('when a key expires', () => {
  it.each([
    ['30d', '2026-12-23T00:00:00.000Z'],
    ['12h', '2026-11-23T12:00:00.000Z'],
    ['90m', '2026-11-23T01:30:00.000Z'],
    ['2027-01-31T00:00Z', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31T01:00:00+02:00', '2027-01-30T23:00:00.000Z'],
  ])('may be said as %s', (text, expected) => {
    expect(readExpiry(text, NOW)).toBe(expected)
  })

  it.each([
    '',
    '30',
    'd',
    '-1d',
    '1.5d',
    '30 d',
    '30D',
    'never',
    '2027-01-31',
    '2027-13-01T00:00:00Z',
    '2027-01-31T00:00:00',
  ])('may not be said as "%s"', (text) => {
    expect(() => readExpiry(text, NOW)).toThrow(UsageError)
  })

  it('must be in the future', () => {
    for (const text of ['0d', '2026-11-23T00:00:00Z']) expect(() => readExpiry(text, NOW)).toThrow(/has passed/)
  })

  it('of any text is a time in the future or a mistake in the command', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^\d{1,8}[dhm]$/),
      fc.date().map((date) => `${date.toJSON()}`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(Date.parse(readExpiry(text, NOW))).toBeGreaterThan(NOW)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UsageError)
        }
      }),
    )
  })
})
