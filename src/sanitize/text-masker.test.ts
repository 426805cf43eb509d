import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Tally } from './apply-findings.ts'
import { createSanitizer } from './sanitizer.ts'
import { createTextMasker } from './text-masker.ts'

const masker = createSanitizer({ secrets: true, values: ['our own secret'], hashKey: new Uint8Array(32) }).maskerFor([
  { kinds: ['email', 'card', 'iban'], action: 'mask' },
])
const TOKEN = `ghp_${'a1B2'.repeat(9)}`

function inPieces(pieces: readonly string[], holdback?: number): string {
  const stream = createTextMasker(masker, holdback)
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end()
}

describe('a text in pieces', () => {
  it('shows what the whole would show, wherever it is cut', () => {
    const part = fc.constantFrom(
      ...[TOKEN, 'our own secret', 'postgres://a:hunter2@b/c', 'ann@mail.example', '4111 1111 1111 1111', 'müde 😀'],
      ...[
        '{"password": "hunter22"}',
        `eyJhbGciOi.${'x1'.repeat(40)}.abc`,
        'DE89 3704 0044 0532 0130 00',
        'x'.repeat(90),
      ],
      ...['-----BEGIN PRIVATE KEY-----\nMHcCAQEE\n-----END PRIVATE KEY-----', 'lorem ipsum', 'token', '=', 'a1b2c3d4'],
    )
    const text = fc.array(fc.tuple(part, fc.constantFrom(' ', '\n', ', ')), { maxLength: 80 })
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (parts, sizes) => {
        const whole = parts.flat().join('')
        const pieces: string[] = []
        for (let at = 0, next = 0; at < whole.length; next += 1) {
          const size = sizes[next % sizes.length] ?? 1
          pieces.push(whole.slice(at, at + size))
          at += size
        }
        expect(inPieces(pieces, 600)).toBe(masker.mask(whole, new Tally()))
      }),
      { numRuns: 500 },
    )
  })

  it('hides a secret that comes character by character', () => {
    expect(inPieces([...`the key is ${TOKEN}, keep it`])).toBe('the key is [masked], keep it')
  })

  it('holds back no more than it must', () => {
    const stream = createTextMasker(masker)
    let shown = 0
    for (let count = 1; count <= 100; count += 1) {
      shown += stream.push('lorem ipsum '.repeat(1000)).length
      expect(12_000 * count - shown).toBeLessThan(2 * 32_768 + 12_000)
    }
  })

  it('drops a secret that never seems to end, and goes on behind it', () => {
    const stream = createTextMasker(masker)
    const shown = [stream.push('Bearer a1')]
    for (let count = 0; count < 50; count += 1) shown.push(stream.push('b2'.repeat(5000)))
    shown.push(stream.push(' and more'), stream.end())
    expect(shown.join('')).toBe('Bearer [masked] and more')
  })
})
