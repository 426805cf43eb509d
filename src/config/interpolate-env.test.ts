import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeReferences, interpolateEnv } from './interpolate-env.ts'

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
const plain = fc.string().filter((text) => !text.includes('$'))
const fallback = fc.string().filter((text) => !text.includes('}'))
const reference = (inner: string): string => `\${${inner}}`

describe('interpolateEnv', () => {
  test('leaves a text without references as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes(`\${`)),
        (text) => {
          expect(interpolateEnv(text, {})).toEqual({ text, variables: [], missing: [], isMalformed: false })
        },
      ),
    )
  })

  test('puts each variable in its place, whatever it holds', () => {
    const part = fc.record({ before: plain, variable: name })
    fc.assert(
      fc.property(fc.array(part), fc.dictionary(name, fc.string()), (parts, values) => {
        const env = Object.fromEntries(parts.map(({ variable }) => [variable, values[variable] ?? `\${${variable}}`]))
        const written = parts.map(({ before, variable }) => before + reference(variable)).join('')
        const result = interpolateEnv(written, env)
        expect(result.text).toBe(parts.map(({ before, variable }) => before + env[variable]).join(''))
        expect(result.variables).toEqual(parts.map(({ variable }) => variable))
        expect(result).toMatchObject({ missing: [], isMalformed: false })
      }),
    )
  })

  test('takes the default when the variable is unset or empty, and only then', () => {
    fc.assert(
      fc.property(name, fallback, fc.option(fc.string(), { nil: undefined }), (variable, otherwise, value) => {
        const result = interpolateEnv(reference(`${variable}:-${otherwise}`), { [variable]: value })
        expect(result).toMatchObject({ text: value === undefined || value === '' ? otherwise : value, missing: [] })
      }),
    )
  })

  test('gives back every text that was escaped', () => {
    const dollars = fc.array(fc.constantFrom('$', '{', '}', 'A', `$\${`, `\${`, `\${A}`)).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.string(), dollars), (text) => {
        const result = interpolateEnv(escapeReferences(text), {})
        expect(result).toEqual({ text, variables: [], missing: [], isMalformed: false })
      }),
    )
  })

  test('says which variables are not set', () => {
    const result = interpolateEnv(`${reference('A')} ${reference('B')} ${reference('C:-c')}`, { B: '' })
    expect(result).toMatchObject({ missing: ['A'], variables: ['A', 'B', 'C'], text: '  c' })
  })

  test('finds no variable that every object inherits', () => {
    expect(interpolateEnv(reference('constructor'), {}).missing).toEqual(['constructor'])
    expect(interpolateEnv(reference('__proto__'), {}).missing).toEqual(['__proto__'])
  })

  test.each([`\${`, `\${}`, `\${A`, `\${1A}`, `\${A-b}`, `\${A:b}`, `\${ A }`, `x \${é}`])(
    'does not take %s for a reference',
    (text) => {
      expect(interpolateEnv(text, { A: 'a' })).toMatchObject({ text, isMalformed: true })
    },
  )
})
