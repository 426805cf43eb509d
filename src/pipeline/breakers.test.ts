import { describe, expect, it } from 'vitest'
import type { Observation } from '../observe/observation.ts'
import { type Breakers, createBreakers, type Verdict } from './breakers.ts'

interface Tried {
  readonly breakers: Breakers
  readonly observed: Observation[]
  pass(ms: number): void
  call(verdict: Verdict, times?: number): void
  state(): unknown
}

function tryBreakers(probes = 1): Tried {
  let now = 0
  const observed: Observation[] = []
  const options = { failures: 3, windowMs: 10_000, openMs: 5_000, probes }
  const breakers = createBreakers({ options, timer: () => now, observe: (each) => void observed.push(each) })
  return {
    breakers,
    observed,
    pass: (ms) => {
      now += ms
    },
    call: (verdict, times = 1) => {
      for (let count = 0; count < times; count += 1) breakers.begin('crm', 'ann').end(verdict)
    },
    state: () => breakers.states().find(({ connector }) => connector === 'crm')?.state,
  }
}

const UNAVAILABLE = expect.objectContaining({ code: 'CONNECTOR_UNAVAILABLE' })

describe('the breaker of a connector', () => {
  it('opens when it fails often, says so, and refuses with when to come back', () => {
    const { breakers, call, observed, pass, state } = tryBreakers()
    call('failed', 3)
    expect(state()).toBe('open')
    pass(1_500)
    expect(() => breakers.check('crm', 'ann')).toThrow(expect.objectContaining({ data: { retryAfter: 4 } }))
    expect(() => breakers.begin('crm', 'ann')).toThrow(UNAVAILABLE)
    expect(observed).toMatchObject([{ type: 'breaker.changed', connector: 'crm', from: 'closed', to: 'open' }])
  })

  it('stays closed while most calls go well, and when failures lie far apart', () => {
    const { call, pass, state } = tryBreakers()
    call('well', 4)
    call('failed', 3)
    expect(state()).toBe('closed')
    pass(10_000)
    for (let count = 0; count < 5; count += 1) {
      call('failed', 2)
      pass(10_000)
    }
    expect(state()).toBe('closed')
  })

  it('does not open for what is not its fault', () => {
    const { call, state } = tryBreakers()
    call('unknown', 100)
    expect(state()).toBe('closed')
  })

  it('lets exactly its probes through, however many come at once, and closes when all went well', () => {
    const { breakers, call, pass, state } = tryBreakers(2)
    call('failed', 3)
    pass(5_000)
    const let_ = Array.from({ length: 50 }, () => {
      try {
        breakers.check('crm', 'ann')
        return breakers.begin('crm', 'ann')
      } catch {
        return undefined
      }
    }).filter((passage) => passage !== undefined)
    expect(let_).toHaveLength(2)
    let_[0]?.end('well')
    let_[0]?.end('well')
    expect(state()).toBe('half-open')
    let_[1]?.end('well')
    expect(state()).toBe('closed')
  })

  it('opens again when a probe fails; one that says nothing is followed by another', () => {
    const { breakers, call, pass, state } = tryBreakers()
    call('failed', 3)
    pass(5_000)
    call('unknown')
    expect(state()).toBe('half-open')
    call('failed')
    expect(state()).toBe('open')
    expect(() => breakers.begin('crm', 'ann')).toThrow(UNAVAILABLE)
  })

  it('gives up a probe that hangs', () => {
    const { breakers, call, pass, state } = tryBreakers()
    call('failed', 3)
    pass(5_000)
    const hanging = breakers.begin('crm', 'ann')
    expect(() => breakers.begin('crm', 'ann')).toThrow(UNAVAILABLE)
    pass(5_000)
    const next = breakers.begin('crm', 'ann')
    hanging.end('failed')
    expect(state()).toBe('half-open')
    next.end('well')
    expect(state()).toBe('closed')
  })

  it('does not listen to calls from before it opened', () => {
    const { breakers, call, pass, state } = tryBreakers()
    const early = breakers.begin('crm', 'ann')
    call('failed', 3)
    pass(5_000)
    call('well')
    early.end('failed')
    expect(state()).toBe('closed')
  })

  it('is one for each connector', () => {
    const { breakers, call } = tryBreakers()
    call('failed', 3)
    expect(() => breakers.begin('tools', 'ann')).not.toThrow()
  })
})

describe('one caller who makes a tool fail on purpose', () => {
  const attack = (breakers: Breakers, times: number): void => {
    for (let count = 0; count < times; count += 1) breakers.begin('crm', 'mallory').end('failed')
  }

  it('does not open the breaker while it works for others', () => {
    const { breakers, call, state } = tryBreakers()
    call('well')
    attack(breakers, 50)
    expect(state()).toBe('closed')
  })

  it('is alone refused where nobody else called, until somebody says that it works', () => {
    const { breakers, call, state } = tryBreakers()
    attack(breakers, 3)
    expect(state()).toBe('open')
    expect(() => breakers.begin('crm', 'mallory')).toThrow(UNAVAILABLE)
    call('well')
    expect(state()).toBe('closed')
  })

  it('is not alone any more when it fails for another one too', () => {
    const { breakers, call, state } = tryBreakers()
    attack(breakers, 3)
    call('failed')
    expect(state()).toBe('open')
    expect(() => breakers.begin('crm', 'ann')).toThrow(UNAVAILABLE)
    expect(() => breakers.begin('crm', 'bob')).toThrow(UNAVAILABLE)
  })
})
