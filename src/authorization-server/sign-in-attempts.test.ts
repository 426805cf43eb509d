import { beforeEach, describe, expect, it } from 'vitest'
import { createBuckets } from './buckets.ts'
import { createSignInAttempts, type SignInAttempts } from './sign-in-attempts.ts'

let now: number
let attempts: SignInAttempts
beforeEach(() => {
  now = 1_000_000_000_000
  attempts = createSignInAttempts(createBuckets(() => now))
})

const at = (address: string, name = 'ada', isKnownDevice = false) => ({ address, name, isKnownDevice })

describe('guessing', () => {
  it('from one network at one account is stopped after five, and one more is given every 30 seconds', () => {
    for (let i = 0; i < 5; i++) attempts.fail(at('192.0.2.1'))
    expect(attempts.waitSeconds(at('192.0.2.1'))).toBe(30)
    now += 30_000
    expect(attempts.waitSeconds(at('192.0.2.1'))).toBe(0)
  })

  it('from one network at many accounts is stopped after twenty', () => {
    for (let i = 0; i < 20; i++) attempts.fail(at('2001:db8::1', `user ${i}`))
    expect(attempts.waitSeconds(at('2001:db8::2', 'another'))).toBeGreaterThan(0)
  })

  it('from a thousand networks never closes the account: the owner is only answered later', () => {
    for (let i = 0; i < 1000; i++) attempts.fail(at(`10.${i >> 8}.${i & 255}.1`))
    expect(attempts.waitSeconds(at('203.0.113.9'))).toBe(0)
    expect(attempts.delayMs(at('203.0.113.9'))).toBeGreaterThan(0)
    expect(attempts.delayMs(at('203.0.113.9', 'grace'))).toBe(0)
  })

  it('from the network of the owner does not stop a browser that has signed in before', () => {
    for (let i = 0; i < 50; i++) attempts.fail(at('192.0.2.1'))
    expect(attempts.waitSeconds(at('192.0.2.1', 'ada', true))).toBe(0)
    expect(attempts.delayMs(at('192.0.2.1', 'ada', true))).toBe(0)
  })

  it('is forgotten when the clock is set back, not made worse', () => {
    for (let i = 0; i < 5; i++) attempts.fail(at('192.0.2.1'))
    now -= 86_400_000
    expect(attempts.waitSeconds(at('192.0.2.1'))).toBeLessThanOrEqual(30)
  })
})
