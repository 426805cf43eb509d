import fc from 'fast-check'
import { expect, it } from 'vitest'
import { traceIdOf } from './trace-id.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

it('a well-formed traceparent gives its trace id', () => {
  expect(traceIdOf(`00-${TRACE}-${PARENT}-01`)).toBe(TRACE)
  expect(traceIdOf(`01-${TRACE}-${PARENT}-01`)).toBe(TRACE)
  expect(traceIdOf(`01-${TRACE}-${PARENT}-01-more`)).toBe(TRACE)
})

it.each([
  ['no string', 7],
  ['nothing', undefined],
  ['an empty text', ''],
  ['capitals', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['the version that is forbidden', `ff-${TRACE}-${PARENT}-01`],
  ['version 00 with more behind it', `00-${TRACE}-${PARENT}-01-more`],
  ['flags that run on', `01-${TRACE}-${PARENT}-011`],
  ['a line end', `00-${TRACE}-${PARENT}-01\n`],
  ['a line end behind a later version', `01-${TRACE}-${PARENT}-01-a\nb`],
  ['blanks', ` 00-${TRACE}-${PARENT}-01`],
  ['more than a header would carry', `01-${TRACE}-${PARENT}-01-${'a'.repeat(600)}`],
])('%s gives none', (_, value) => {
  expect(traceIdOf(value)).toBeUndefined()
})

it('whatever is sent, an id is 32 hex digits', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/)),
      (text) => {
        expect(traceIdOf(text) ?? TRACE).toMatch(/^[0-9a-f]{32}$/)
      },
    ),
  )
})
