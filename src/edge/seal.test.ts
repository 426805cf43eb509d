import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer, digestOf } from './seal.ts'

const sealer = createSealer(randomBytes(32))

describe('a sealed value', () => {
  it('opens unchanged in its own context alone', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.string(), (value, context, other) => {
        const sealed = sealer.seal(value, context)
        expect(sealer.open(sealed, context)).toEqual(JSON.parse(JSON.stringify(value)))
        if (other !== context) expect(sealer.open(sealed, other)).toBeUndefined()
      }),
    )
  })

  it('does not open after any change', () => {
    const sealed = sealer.seal({ step: 1 }, 'c')
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      expect(sealer.open(changed, 'c')).toBeUndefined()
    }
    for (const text of ['', 'x', `${sealed}A`, `${sealed}=`, ` ${sealed}`, sealed.slice(1)]) {
      expect(sealer.open(text, 'c')).toBeUndefined()
    }
  })

  it('does not open under another key, and shows nothing of what is in it', () => {
    const sealed = sealer.seal('a secret of the handler', 'c')
    expect(createSealer(randomBytes(32)).open(sealed, 'c')).toBeUndefined()
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('secret')
  })
})

describe('a digest', () => {
  it('does not depend on the order of keys, and on everything else', () => {
    expect(digestOf({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(digestOf({ b: [{ d: 3, c: 2 }], a: 1 }))
    expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]))
    expect(digestOf({ a: '1' })).not.toBe(digestOf({ a: 1 }))
    expect(digestOf(['a', undefined])).not.toBe(digestOf(['a']))
  })
})
