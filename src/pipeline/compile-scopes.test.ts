import { expect, it } from 'vitest'
import { compileScopes } from './compile-scopes.ts'

it('takes scopes that imply each other for the same one', () => {
  const includes = compileScopes({ a: { implies: ['b'] }, b: { implies: ['c', 'a'] } })
  expect(includes(['a'], 'c')).toBe(true)
  expect(includes(['b'], 'a')).toBe(true)
  expect(includes(['c'], 'a')).toBe(false)
})

it('implies nothing by names that every object has', () => {
  const includes = compileScopes({ a: { implies: ['constructor'] } })
  expect(includes(['a'], 'constructor')).toBe(true)
  expect(includes(['constructor'], 'a')).toBe(false)
  expect(includes([], 'toString')).toBe(false)
})
