import { expect, it } from 'vitest'
import { writeValue } from './write-value.ts'

it('writes what the server reads as the same value', () => {
  expect([null, 'a', 1.5, -9007199254740993n, true].map(writeValue)).toEqual([
    null,
    'a',
    '1.5',
    '-9007199254740993',
    'true',
  ])
  expect(writeValue(new Uint8Array([0, 255]))).toEqual(Buffer.from([0, 255]))
  expect(writeValue(['a"b\\c', null, 'NULL', '', [1, true], '{,}'])).toBe(
    '{"a\\"b\\\\c",NULL,"NULL","",{"1","true"},"{,}"}',
  )
})
