import { Tally } from '../src/sanitize/apply-findings.ts'
import type { Masker } from '../src/sanitize/masker.ts'
import { PERSONAL_KINDS } from '../src/sanitize/personal-kind.ts'
import { createSanitizer } from '../src/sanitize/sanitizer.ts'

/** How fast one kind of text is looked through, in megabytes a second on one core. */
export interface SanitizeFigures {
  readonly text: string
  readonly secrets: number
  /** With a hundred configured values. */
  readonly values: number
  /** With all kinds of personal data. */
  readonly personal: number
  /** Time for twice the text by time for the text; linear is 2. */
  readonly growth: number
}

const MEGABYTE = 1_000_000
const ROUNDS = 5
const WORDS =
  'the customer order invoice 2026-11-23 price 1299.90 EUR key token passenger keyboard status shipped delivery https://example.com/orders/17 a3f5c9e2d1b4 and with that'.split(
    ' ',
  )

const sanitizer = (count: number): ReturnType<typeof createSanitizer> =>
  createSanitizer({
    secrets: true,
    values: Array.from({ length: count }, (_, index) => `value-${index * 7919}-of-ours`),
    hashKey: new Uint8Array(32),
  })

/** Measures clean, dirty and hostile text. */
export function measureSanitize(): readonly SanitizeFigures[] {
  const secrets = sanitizer(0).maskerFor([])
  const values = sanitizer(100).maskerFor([])
  const personal = sanitizer(0).maskerFor([{ kinds: PERSONAL_KINDS, action: 'mask' }])
  return texts().map(([text, make]) => ({
    text,
    secrets: speedOf(secrets, make(4 * MEGABYTE)),
    values: speedOf(values, make(4 * MEGABYTE)),
    personal: speedOf(personal, make(4 * MEGABYTE)),
    growth: secondsOf(secrets, make(2 * MEGABYTE)) / secondsOf(secrets, make(MEGABYTE)),
  }))
}

function texts(): readonly (readonly [string, (length: number) => string])[] {
  const prose = (length: number): string => fill(`${WORDS.join(' ')}. `, length)
  const rows = (length: number): string =>
    fill(
      '{"id":4711,"customer":"ACME GmbH","status":"open","total":1299.9,"createdAt":"2026-11-23T10:00:00Z"},',
      length,
    )
  const dirty = `{"password":"hunter22!","note":"see postgres://a:b1@c/d or ghp_${'a1B2'.repeat(9)}"},${WORDS.join(' ')},`
  return [
    ['prose', prose],
    ['JSON', rows],
    ['base64', (length) => fill('iVBORw0KGgoAAAANSUhEUgAA7Zx3mFRVtsYs', length)],
    ['dirty: a secret every 80 characters', (length) => fill(dirty, length)],
    ...['eyJ', '://a:', 'token=', 'ask-', '-----BEGIN PRIVATE KEY-----'].map(
      (part) => [`hostile: \`${part}\` repeated`, (length: number) => fill(part, length)] as const,
    ),
  ]
}

/** Flat, as text from a file or a socket is. */
function fill(part: string, length: number): string {
  return Buffer.from(part.repeat(Math.ceil(length / part.length)).slice(0, length)).toString('latin1')
}

function speedOf(masker: Masker, text: string): number {
  return text.length / MEGABYTE / secondsOf(masker, text)
}

function secondsOf(masker: Masker, text: string): number {
  const time = (): number => {
    const start = performance.now()
    masker.mask(text, new Tally())
    return (performance.now() - start) / 1000
  }
  return Math.min(...Array.from({ length: ROUNDS }, time))
}
