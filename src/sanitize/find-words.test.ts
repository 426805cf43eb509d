import fc from 'fast-check'
import { expect, it } from 'vitest'
import { findWords } from './find-words.ts'

it('finds exactly the words that a regular expression finds', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '9', ' ', '_', '-', 'é', '😀'), maxLength: 60 })
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 8 }), (text, length) => {
      const found: number[] = []
      findWords(text, length, (start) => found.push(start))
      const pattern = new RegExp(`(?<![0-9A-Za-z])[0-9A-Za-z]{${length}}(?![0-9A-Za-z])`, 'g')
      expect(found).toEqual([...text.matchAll(pattern)].map(({ index }) => index))
    }),
    { numRuns: 2_000 },
  )
})
