import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../../errors.ts'
import { type Message, readMessage } from './json-rpc.ts'

/** The message, or the code of what refused it; anything else that is thrown is a bug. */
function read(text: string, maxDepth = 64): Message | string {
  try {
    return readMessage(text, maxDepth)
  } catch (thrown) {
    if (thrown instanceof ToolgateError) return thrown.code
    throw thrown
  }
}

const ids = fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger())
const params = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))

describe('a message', () => {
  it('is read as what was written, whatever its id, method and parameters', () => {
    fc.assert(
      fc.property(ids, fc.string({ unit: 'binary' }), params, (id, method, given) => {
        fc.pre(!JSON.stringify(given).includes('__proto__'))
        const request = { jsonrpc: '2.0', id, method, params: given }
        expect(read(JSON.stringify(request))).toEqual({ kind: 'request', message: JSON.parse(JSON.stringify(request)) })
        const notification = { jsonrpc: '2.0', method, params: given }
        expect(read(JSON.stringify(notification))).toMatchObject({ kind: 'notification' })
        expect(read(JSON.stringify({ jsonrpc: '2.0', id, result: given }))).toMatchObject({ kind: 'response' })
      }),
    )
  })

  it('of any text is read or refused with one of two codes, and nothing else happens', () => {
    const syntax = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ':',
      ',',
      '"jsonrpc":"2.0"',
      '"id":1',
      '\u0000',
      '\ud800',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(syntax).map((parts) => parts.join('')),
      fc.json(),
    )
    fc.assert(
      fc.property(text, (given) => {
        const result = read(given)
        if (typeof result === 'string') expect(['PARSE_ERROR', 'INVALID_REQUEST']).toContain(result)
        else expect(JSON.parse(given)).toEqual(result.message)
      }),
      { numRuns: 1000 },
    )
  })

  it('is refused exactly when it is nested too deep, with brackets in strings not counted', () => {
    const levels = fc.integer({ min: 1, max: 80 })
    const noise = fc.stringMatching(/^[[\]{}"\\]{0,20}$/)
    fc.assert(
      fc.property(levels, fc.integer({ min: 3, max: 70 }), noise, (depth, maxDepth, text) => {
        // Two levels are the message and its parameters.
        const inner = `${'[{"a":'.repeat(depth)}${JSON.stringify(text)}${'}]'.repeat(depth)}`
        const whole = `{"jsonrpc":"2.0","method":"m","params":{${JSON.stringify(text)}:${inner}}}`
        const result = read(whole, maxDepth)
        if (2 + 2 * depth > maxDepth) expect(result).toBe('INVALID_REQUEST')
        else expect(result).toMatchObject({ kind: 'notification' })
      }),
    )
  })

  it('with a key that reaches into a prototype is refused, however that key is spelled', () => {
    const spelled = fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }).map((escapes) =>
      [...'__proto__'].map((letter, at) => {
        const code = letter.charCodeAt(0).toString(16).padStart(4, '0')
        return escapes[at] ? `\\u${code}` : letter
      }),
    )
    fc.assert(
      fc.property(spelled, fc.integer({ min: 0, max: 20 }), (key, depth) => {
        const inner = `${'{"a":['.repeat(depth)}{"${key.join('')}":{"isAdmin":true}}${']}'.repeat(depth)}`
        expect(read(`{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":${inner}}}`)).toBe('INVALID_REQUEST')
      }),
    )
    expect(Object.prototype).not.toHaveProperty('isAdmin')
  })

  it('takes the last of two keys that are the same, as every later step does', () => {
    const result = read('{"jsonrpc":"2.0","id":1,"id":2,"method":"a","method":"b"}')
    expect(result).toMatchObject({ kind: 'request', message: { id: 2, method: 'b' } })
  })
})
