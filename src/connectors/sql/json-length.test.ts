import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { SqlValue } from './database.ts'
import { jsonLength, rowLength } from './json-length.ts'

it('is as long as the JSON that is written, whatever the value', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue({ noUnicodeString: false }))
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const row = values as readonly SqlValue[]
      expect(rowLength(row)).toBe(Buffer.byteLength(JSON.stringify(row)))
      for (const one of row) expect(jsonLength(one)).toBe(Buffer.byteLength(JSON.stringify(one)))
    }),
  )
})

it('has no end for what is nested too deep to be written', () => {
  let deep: SqlValue = 1
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep]
  expect(jsonLength(deep)).toBe(Number.POSITIVE_INFINITY)
})
