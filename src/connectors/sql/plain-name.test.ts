import fc from 'fast-check'
import { expect, it } from 'vitest'
import { plainName } from './plain-name.ts'

it('keeps a name that tools may have', () => {
  expect(plainName('orders', 40)).toBe('orders')
  expect(plainName('public.orders', 40)).toBe('public_orders')
})

it('never makes one name of two', () => {
  const names = ['a b', 'a_b', 'a.b', 'a-b', 'ä', 'ö', 'a.b.c', 'a_b.c', 'a.b_c', 'x'.repeat(50), `${'x'.repeat(50)}y`]
  // A dot between schema and table is the one that is written as the underscore that it looks like.
  const made = names.filter((name) => name !== 'a_b').map((name) => plainName(name, 40))
  expect(new Set(made).size).toBe(names.length - 1)
})

it('is short and plain whatever the name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 8, max: 60 }), (name, maxLength) => {
      expect(plainName(name, maxLength)).toMatch(/^[A-Za-z0-9_-]*$/)
      expect(plainName(name, maxLength).length).toBeLessThanOrEqual(maxLength)
    }),
  )
})
