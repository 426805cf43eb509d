import { describe, expect, it } from 'vitest'
import { ToolgateError, UserError } from '../../errors.ts'
import { describeFailure } from './describe-failure.ts'
import { SqlFailure, type SqlFailureKind } from './sql-failure.ts'

const text = 'invalid input syntax for type integer: "078-05-1120"'
const told = (kind: SqlFailureKind, more: { isTextSafe?: boolean; position?: number } = {}): Error =>
  describeFailure(new SqlFailure({ kind, state: '22P02', text, isTextSafe: false, ...more }), 'shop') as Error

describe('what a caller hears of a failure', () => {
  it.each(['statement', 'permission', 'resources', 'other', 'unavailable'] as const)(
    'has no sentence of the engine that could hold a value: %s',
    (kind) => {
      expect(told(kind).message).not.toContain('078')
    },
  )

  it('is the code and the place, or the sentence where its kind holds no value', () => {
    expect(told('statement', { position: 8 })).toEqual(
      new UserError('The database refused the statement or one of its values at character 8: 22P02.'),
    )
    expect(told('statement', { isTextSafe: true }).message).toBe(`${text} (22P02).`)
  })

  it('is that the connector is unavailable when the server is', () => {
    expect(told('unavailable')).toBeInstanceOf(ToolgateError)
    expect(told('unavailable')).toMatchObject({ code: 'CONNECTOR_UNAVAILABLE' })
  })

  it('is left to others where it is none of a database', () => {
    const thrown = new TypeError('x')
    expect(describeFailure(thrown, 'shop')).toBe(thrown)
  })
})
