import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Tally } from './apply-findings.ts'
import { maskValue } from './mask-value.ts'
import { PERSONAL_KINDS } from './personal-kind.ts'
import { createSanitizer } from './sanitizer.ts'

const FOLDER = fileURLToPath(new URL('../../test/fixtures/clean', import.meta.url))
const files = readdirSync(FOLDER)
const sanitizer = createSanitizer({ secrets: true, values: ['s3cret-of-ours'], hashKey: new Uint8Array(32) })
const secrets = sanitizer.maskerFor([])
const everything = sanitizer.maskerFor([{ kinds: PERSONAL_KINDS, action: 'mask' }])

describe('ordinary text', () => {
  it.each(files)('%s passes untouched, whole and line by line', (file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8')
    for (const part of [text, ...text.split('\n')]) expect(secrets.mask(part, new Tally())).toBe(part)
  })

  it.each(files.filter((file) => !/\.(?:log)$/.test(file)))('%s has no personal data in it', (file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8')
    expect(everything.mask(text, new Tally())).toBe(text)
  })

  it('passes as data, too', () => {
    const data: unknown = JSON.parse(readFileSync(join(FOLDER, 'orders.json'), 'utf8'))
    expect(maskValue(everything, data, new Tally())).toBe(data)
  })
})
