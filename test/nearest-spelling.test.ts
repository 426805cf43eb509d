import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editDistance, nearestSpelling } from '../src/nearest-spelling.ts'

describe('nearestSpelling', () => {
  test.each([
    ['typscript', 'typescript'],
    ['sever', 'server'],
    ['allowed_hosts', 'allowedHosts'],
    ['allowed-host', 'allowedHosts'],
    ['PORT', 'port'],
    ['conectors', 'connectors'],
    ['sevrer', 'server'],
  ])('takes %s for %s', (word, meant) => {
    expect(nearestSpelling(word, ['typescript', 'server', 'port', 'path', 'allowedHosts', 'connectors'])).toBe(meant)
  })

  test('does not guess what is too far away', () => {
    expect(nearestSpelling('database', ['server', 'port'])).toBeUndefined()
    expect(nearestSpelling('x', ['y'])).toBeUndefined()
    expect(nearestSpelling('', ['a'])).toBeUndefined()
    expect(nearestSpelling('server', [])).toBeUndefined()
    expect(nearestSpelling('s'.repeat(100_000), ['server'])).toBeUndefined()
  })
})

test('the edit distance counts edits, whichever way', () => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a))
      expect(editDistance(a, b) === 0).toBe(a === b)
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
      expect(editDistance(`${a}xy${b}`, `${a}yx${b}`)).toBeLessThanOrEqual(1)
    }),
  )
})
