import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiKeyPattern, generateApiKey, hashApiKey, parseApiKey } from './api-key.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const key = fc.constant(undefined).map(() => generateApiKey())

describe('an API key', () => {
  it('names its id and is read back', () => {
    fc.assert(
      fc.property(key, ({ text, id }) => {
        expect(text).toMatch(/^tg_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/)
        expect(text.slice(3, 15)).toBe(id)
        expect(parseApiKey(text)).toBe(id)
      }),
    )
  })

  // The checksum was computed with another CRC32 implementation (zlib.crc32 of Python) and base 62 by hand.
  it('keeps its format for ever: a key made by the first release is read by every later one', () => {
    const text = `tg_abcDEF012345_${'0123456789'.repeat(4)}xyz2rzLxi`
    expect(parseApiKey(text)).toBe('abcDEF012345')
  })

  it('is not read when a single character is wrong', () => {
    fc.assert(
      fc.property(key, fc.nat(64), fc.constantFrom(...BASE62, '_', '-', ' ', 'é'), ({ text }, at, other) => {
        fc.pre(text[at] !== other)
        expect(parseApiKey(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it('is not read when it is cut, longer, in spaces or something else', () => {
    fc.assert(
      fc.property(key, fc.nat(64), fc.string({ minLength: 1 }), ({ text }, length, more) => {
        expect(parseApiKey(text.slice(0, length))).toBeUndefined()
        expect(parseApiKey(text + more)).toBeUndefined()
        expect(parseApiKey(more + text)).toBeUndefined()
        expect(parseApiKey(more)).toBeUndefined()
      }),
    )
    expect(parseApiKey(`${generateApiKey().text}\n`)).toBeUndefined()
  })

  it('is never made twice, and uses every letter about equally often', () => {
    const keys = Array.from({ length: 4_000 }, () => generateApiKey())
    expect(new Set(keys.map(({ id }) => id)).size).toBe(keys.length)
    const counts = new Map<string, number>()
    for (const { text } of keys)
      for (const letter of text.slice(16, 59)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    const expected = (keys.length * 43) / 62
    // Six standard deviations: fails by chance once in ten million runs, and always where modulo favours eight letters.
    for (const letter of BASE62)
      expect(Math.abs((counts.get(letter) ?? 0) - expected)).toBeLessThan(6 * Math.sqrt(expected))
  })

  it('is found by the published pattern inside other text, and a look-alike is not', () => {
    fc.assert(
      fc.property(
        key,
        fc.constantFrom('', ' ', '"', "key='", 'Bearer ', '?key=', '\n', '_', '.'),
        ({ text }, before) => {
          expect(apiKeyPattern.exec(`${before}${text}", rest`)?.[0]).toBe(text)
          expect(apiKeyPattern.test(`${before}${text}x`)).toBe(false)
          expect(apiKeyPattern.test(`a${text}`)).toBe(false)
        },
      ),
    )
  })

  it('is stored as HMAC-SHA-256 of the whole text under the pepper', () => {
    const { text } = generateApiKey()
    const pepper = Buffer.alloc(32, 7)
    expect(hashApiKey(text, pepper)).toBe(createHmac('sha256', pepper).update(text).digest('hex'))
    expect(hashApiKey(text, Buffer.alloc(32, 8))).not.toBe(hashApiKey(text, pepper))
  })
})

describe('the pattern for secret scanners', () => {
  const page = readFileSync(new URL('../../docs/reference/api-keys.md', import.meta.url), 'utf8')

  it('stands in the reference as it is in the code', () => {
    expect(page).toContain(`\n${apiKeyPattern.source}\n`)
  })

  it('finds keys as scanners write it, and no look-alike', () => {
    const gitleaks = new RegExp(/^regex = '''(.*)'''$/m.exec(page)?.[1] ?? '(?!)')
    const github = new RegExp(`^${/Secret format \| `(.*)`/.exec(page)?.[1] ?? '(?!)'}$`)
    const { text } = generateApiKey()
    expect(gitleaks.exec(`key: "${text}"`)?.[1]).toBe(text)
    expect(github.test(text)).toBe(true)
    for (const other of [text.slice(0, -1), `${text}a`, text.replace('_', '-')]) {
      expect([gitleaks, github].map((pattern) => pattern.test(other))).toEqual([false, false])
    }
  })
})
