import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../errors.ts'
import { readCursor, writeCursor } from './page-cursor.ts'

const QUESTION = ['customers', undefined, [{ column: 'id', op: '=', value: 1 }]]

describe('a cursor', () => {
  it('leads to where its page ended', () => {
    for (const place of [{ offset: 100 }, { offset: 0, after: ['a.b[', 7] }, { offset: 3, after: ['1'] }]) {
      expect(readCursor(writeCursor(QUESTION, place), QUESTION)).toEqual(place)
    }
    expect(readCursor(undefined, QUESTION)).toEqual({ offset: 0 })
  })

  it('is for its own question alone', () => {
    expect(() => readCursor(writeCursor(QUESTION, { offset: 100 }), ['orders'])).toThrow(/another question/)
  })

  it('that somebody made up is refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        expect(() => readCursor(text, QUESTION)).toThrow(UserError)
      }),
    )
    const own = Buffer.from(writeCursor(QUESTION, { offset: 7 }), 'base64url').toString()
    for (const offset of ['-1', '1e9', '9999999999999', '', '7[{}]', '7[', '7[null]', '7[[1]]']) {
      const forged = Buffer.from(own.replace(/^7/, offset)).toString('base64url')
      expect(() => readCursor(forged, QUESTION), offset).toThrow(UserError)
    }
  })
})
