import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolgateError, UserError } from '../errors.ts'
import { MASK } from '../sanitize/mask-secrets.ts'
import { describeText, describeValue } from './describe-value.ts'

describe('a value for the log', () => {
  it('keeps type, message, code, stack and causes of an error that nobody meant', () => {
    const cause = Object.assign(new RangeError('inner'), { code: 'EPIPE' })
    expect(describeValue(new Error('outer', { cause }))).toEqual({
      type: 'Error',
      message: 'outer',
      stack: expect.stringContaining('describe-value.test.ts'),
      cause: { type: 'RangeError', message: 'inner', code: 'EPIPE', stack: expect.stringContaining('inner') },
    })
  })

  it('has no stack of an error that was meant, but that of what caused it', () => {
    const cause = new TypeError('why')
    const hint = 'Do this.'
    expect(describeValue(new ToolgateError({ code: 'STORAGE_FAILED', message: 'No.', hint, cause }))).toEqual({
      type: 'ToolgateError',
      message: 'No.',
      code: 'STORAGE_FAILED',
      hint,
      cause: expect.objectContaining({ type: 'TypeError', stack: expect.any(String) }),
    })
    expect(describeValue(new UserError('No invoice 17.'))).toEqual({ type: 'UserError', message: 'No invoice 17.' })
  })

  it('has the errors of an aggregate', () => {
    expect(describeValue(new AggregateError([new Error('a'), 'b'], 'all'))).toMatchObject({
      message: 'all',
      errors: [{ message: 'a' }, 'b'],
    })
  })

  it('has no secret, wherever it stands', () => {
    const secret = 'hunter2hunter2'
    const error = new Error(`connect postgres://app:${secret}@db failed`, {
      cause: { password: secret, nested: [{ token: secret }] },
    })
    const value = { error, apiKey: { value: secret }, list: [`password=${secret}`], [`secret=${secret}`]: 1 }
    const text = JSON.stringify(describeValue(value))
    expect(text).not.toContain(secret)
    expect(text).toContain(MASK)
  })

  it('has no half of a secret where a long text is cut', () => {
    for (let before = 8_100; before < 8_200; before += 1) {
      const text = describeText(`${'x'.repeat(before)} tg_abcdefghijkl_${'s'.repeat(49)}${'x'.repeat(5_000)}`)
      expect(text).not.toContain('sss')
      expect(text.length).toBeLessThan(8_300)
    }
  })

  it('is bounded whatever it is made of', () => {
    const deep: Record<string, unknown> = {}
    deep.self = deep
    const wide = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, at) => [`n${at}`, Array.from({ length: 50 }, () => 'x')]),
    )
    for (const value of [deep, wide, Array.from({ length: 100_000 }, () => 1), 'x'.repeat(1_000_000)]) {
      expect(JSON.stringify(describeValue(value)).length).toBeLessThan(20_000)
    }
  })

  it('is had of values that throw when they are looked at', () => {
    const hostile = {
      get trap(): never {
        throw new Error('trap')
      },
      fine: 1,
    }
    expect(describeValue(hostile)).toEqual({ trap: '[unreadable]', fine: 1 })
    const proxy = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap')
        },
        ownKeys: () => {
          throw new Error('trap')
        },
        getPrototypeOf: () => {
          throw new Error('trap')
        },
      },
    )
    expect(describeValue(proxy)).toBe('[unreadable]')
    const error = new Error('x')
    Object.defineProperty(error, 'stack', {
      get: () => {
        throw error
      },
    })
    expect(describeValue(error)).toMatchObject({ type: 'Error', message: 'x', stack: '[unreadable]' })
  })

  it('is plain data that JSON can say, for anything', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }), (value) => {
        expect(typeof JSON.stringify({ value: describeValue(value) })).toBe('string')
      }),
    )
    for (const odd of [undefined, Symbol('s'), () => 1, 10n, new Date(Number.NaN), Buffer.from('x'), Number.NaN]) {
      expect(JSON.parse(JSON.stringify({ value: describeValue(odd) }))).toHaveProperty('value')
    }
    expect(describeValue({ ['__proto__']: 1, constructor: 2 })).toEqual(JSON.parse('{"__proto__":1,"constructor":2}'))
  })
})
