import { afterEach, describe, expect, it, vi } from 'vitest'
import { createTestEngine, holder, type TestEngine, type TestEngineOptions } from '../../test/fixtures/engine.ts'
import { type Definition, defineTool } from '../capabilities/definition.ts'
import type { Principal } from '../identity/principal.ts'
import { type Call, Cancellation } from './call.ts'
import type { RoleOptions } from './options.ts'
import { serveCall } from './serve-call.ts'

afterEach(() => void vi.useRealTimers())

interface Limited extends TestEngine {
  /** Calls a tool; answers `ok` or the code of the failure. */
  call(name: string, as?: Principal, more?: Partial<Call>): Promise<string>
  readonly gate: TestEngine['engine']['guards']['gate']
}

function limit(definitions: readonly Definition[], options: TestEngineOptions): Limited {
  const test = createTestEngine(definitions, options)
  const { guards, notifier } = test.engine
  const call = async (name: string, as = holder('ann', 'user'), more: Partial<Call> = {}): Promise<string> => {
    const outcome = await serveCall(guards, {
      id: 'call-1',
      kind: 'tool',
      method: 'tools/call',
      name,
      input: {},
      principal: as,
      era: 'modern',
      transport: 'http',
      meta: {},
      client: { capabilities: {} },
      inputs: {},
      state: undefined,
      completion: undefined,
      cancellation: new Cancellation(),
      channel: { report: () => {}, log: () => {}, closeStream: () => {} },
      notify: notifier,
      ...more,
    })
    return outcome.status === 'error' ? outcome.error.code : outcome.status
  }
  return { ...test, call, gate: guards.gate }
}

const tool = (name: string, more: object = {}, run: () => unknown = () => 'ok'): Definition =>
  defineTool({ name, run: run as () => string, ...more })

const bob = holder('bob', 'user')
const still = (): number => 1_000_000

async function repeat(times: number, call: () => Promise<string>): Promise<string[]> {
  const codes: string[] = []
  for (let count = 0; count < times; count += 1) codes.push(await call())
  return codes
}

describe('the rate', () => {
  it('of a capability is its own for each principal', async () => {
    const rules = [{ select: { name: 'report' }, callsPerMinute: 2 }]
    const { call } = limit([tool('report'), tool('other')], { clock: still, limits: { rules } })
    expect(await repeat(3, () => call('report'))).toEqual(['ok', 'ok', 'RATE_LIMITED'])
    expect(await call('other')).toBe('ok')
    expect(await call('report', bob)).toBe('ok')
  })

  it('is used up faster by tools that cost more, by definition or by rule', async () => {
    const rules = [{ select: { name: 'ruled' }, cost: 4 }]
    const tools = [tool('dear', { cost: 5 }), tool('ruled', { cost: 100 }), tool('cheap')]
    const { call } = limit(tools, { clock: still, limits: { callsPerMinute: 1, burst: 10, rules } })
    expect(await repeat(2, () => call('dear'))).toEqual(['ok', 'ok'])
    expect(await call('cheap')).toBe('RATE_LIMITED')
    expect([await call('ruled', bob), await call('dear', bob), await call('cheap', bob)]).toEqual(['ok', 'ok', 'ok'])
    expect(await call('cheap', bob)).toBe('RATE_LIMITED')
  })

  it('counts what is denied, but takes no token of a capability that was not reached', async () => {
    const rules = [{ select: { name: 'scoped' }, callsPerMinute: 1 }]
    const allow = [{ name: 'scoped' }]
    const roles: Record<string, RoleOptions> = {
      user: { scopes: [], allow, deny: [] },
      scoped: { scopes: ['x'], allow, deny: [] },
    }
    const limits = { callsPerMinute: 1, burst: 10, rules }
    const { call } = limit([tool('scoped', { scopes: ['x'] })], { clock: still, roles, limits })
    expect(await repeat(3, () => call('scoped'))).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'])
    expect(await call('scoped', holder('ann', 'scoped'))).toBe('ok')
    expect(await repeat(6, () => call('nowhere'))).toEqual(Array(6).fill('CAPABILITY_NOT_FOUND'))
    expect(await call('nowhere')).toBe('RATE_LIMITED')
  })

  it('is that of the most generous role which has one', async () => {
    const allow = [{ name: '*' }]
    const roles: Record<string, RoleOptions> = {
      user: { scopes: [], allow, deny: [] },
      slow: { scopes: [], allow, deny: [], limits: { burst: 1, callsPerMinute: 1 } },
      fast: { scopes: [], allow, deny: [], limits: { burst: 4 } },
    }
    const { call } = limit([tool('it')], { clock: still, roles, limits: { callsPerMinute: 2, burst: 2 } })
    const countOf = async (name: string, ...held: string[]): Promise<number> =>
      (await repeat(6, () => call('it', holder(name, ...held)))).filter((code) => code === 'ok').length
    expect(await countOf('a', 'user')).toBe(2)
    expect(await countOf('b', 'user', 'slow')).toBe(1)
    expect(await countOf('c', 'slow', 'fast')).toBe(4)
  })
})

describe('the place of a call', () => {
  it('is free again however the call ended', async () => {
    const failing = tool('failing', {}, () => {
      throw new Error('no')
    })
    const strict = tool('strict', { input: { type: 'object', required: ['x'] } })
    const { call, gate } = limit([tool('it'), failing, strict], { limits: { maxConcurrent: 1, maxQueued: 0 } })
    for (const name of ['it', 'failing', 'strict', 'nowhere', 'it']) await call(name)
    expect(gate.running).toBe(0)
    expect(await call('it')).toBe('ok')
  })

  it('is kept by a handler that does not heed its signal until it ends', async () => {
    vi.useFakeTimers()
    let end = (): void => {}
    const deaf = tool('deaf', { timeoutMs: 100 }, () => new Promise<void>((resolve) => (end = resolve)))
    const { call, gate } = limit([deaf], { limits: { maxConcurrent: 1, maxQueued: 0 } })
    const first = call('deaf')
    await vi.advanceTimersByTimeAsync(100)
    expect(await first).toBe('TIMED_OUT')
    expect(await call('deaf')).toBe('OVERLOADED')
    end()
    await vi.advanceTimersByTimeAsync(0)
    expect(gate.running).toBe(0)
  })

  it('is free at the hard maximum when the handler never ends', async () => {
    vi.useFakeTimers()
    const deaf = tool('deaf', { timeoutMs: 100 }, () => new Promise(() => {}))
    const { call, gate } = limit([deaf], { limits: { maxDeadlineMs: 1_000 } })
    const first = call('deaf')
    await vi.advanceTimersByTimeAsync(1_000)
    expect([await first, gate.running]).toEqual(['TIMED_OUT', 1])
    await vi.advanceTimersByTimeAsync(100)
    expect(gate.running).toBe(0)
  })

  it('is one of as many as the tool says; to wait for it counts in the deadline', async () => {
    vi.useFakeTimers()
    const slow = tool(
      'slow',
      { concurrency: 1, timeoutMs: 1_000 },
      () => new Promise((resolve) => setTimeout(resolve, 700)),
    )
    const { call } = limit([slow], {})
    const calls = Promise.all([call('slow'), call('slow')])
    await vi.advanceTimersByTimeAsync(1_000)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await calls).toEqual(['ok', 'TIMED_OUT'])
  })

  it('is refused before the arguments are looked at', async () => {
    vi.useFakeTimers()
    const strict = tool(
      'strict',
      { concurrency: 1, input: { type: 'object', required: ['x'] } },
      () => new Promise(() => {}),
    )
    const { call } = limit([strict], { limits: { maxQueued: 0 } })
    void call('strict', undefined, { input: { x: 1 } })
    await vi.advanceTimersByTimeAsync(0)
    expect(await call('strict', undefined, { input: {} })).toBe('OVERLOADED')
  })
})

describe('a connector that fails', () => {
  it('is left alone, by all callers, and not for what callers do wrong', async () => {
    let now = 0
    let isBroken = true
    const it_ = tool('it', { input: { type: 'object', additionalProperties: false } }, () => {
      if (isBroken) throw new Error('down')
      return 'ok'
    })
    const breaker = { failures: 3, windowMs: 10_000, openMs: 5_000, probes: 1 }
    const { call, observed } = limit([it_], { clock: () => now, limits: { breaker } })
    expect(await repeat(5, () => call('it', undefined, { input: { x: 1 } }))).toEqual(Array(5).fill('INVALID_INPUT'))
    expect(await call('it', bob)).toBe('INTERNAL')
    expect(await repeat(3, () => call('it'))).toEqual(['INTERNAL', 'INTERNAL', 'CONNECTOR_UNAVAILABLE'])
    isBroken = false
    now += 5_000
    expect([await call('it', bob), await call('it')]).toEqual(['ok', 'ok'])
    const changes = observed.flatMap((each) => (each.type === 'breaker.changed' ? [each.to] : []))
    expect(changes).toEqual(['open', 'half-open', 'closed'])
  })
})

it('a call that had to wait for a place is observed with how its wait ended, and one that had not is not', async () => {
  let end = (): void => {}
  const slow = tool('slow', {}, () => new Promise((resolve) => (end = () => resolve('ok'))))
  const { call, gate, observed } = limit([slow], { limits: { maxConcurrent: 1 } })
  const first = call('slow')
  while (gate.running === 0) await Promise.resolve()
  const second = call('slow', bob)
  const cancellation = new Cancellation()
  const third = call('slow', bob, { cancellation })
  while (gate.waiting < 2) await Promise.resolve()
  cancellation.cancel()
  expect(await third).toBe('CANCELLED')
  end()
  await first
  while (gate.waiting > 0 || gate.running === 0) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  end()
  await second
  const waits = observed.filter(({ type }) => type === 'call.waited')
  expect(waits).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'admitted' }])
})
