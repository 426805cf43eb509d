import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeChallenge } from './challenge.ts'

describe('a challenge', () => {
  it('says nothing of an error to whoever sent no credential', () => {
    expect(writeChallenge()).toBe('Bearer realm="toolgate"')
  })

  it('names the error of a bad credential', () => {
    expect(writeChallenge({ error: 'invalid_token' })).toBe('Bearer realm="toolgate", error="invalid_token"')
  })

  it('stays one header whatever the description is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (description) => {
        const text = writeChallenge({ error: 'invalid_request', description })
        expect(text).toMatch(
          /^Bearer realm="toolgate", error="invalid_request", error_description="[\x20\x21\x23-\x5b\x5d-\x7e]*"$/,
        )
      }),
    )
  })
})
