import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Observation } from '../observe/observation.ts'
import { createMemoryUsageStore } from '../storage/memory/usage-store.ts'
import type { UsageStore } from '../storage/usage-store.ts'
import { readUsage } from './read-usage.ts'
import { UsageRecorder } from './usage-recorder.ts'

const START = 1_800_000_000_000
const limits = { maxTools: 100, maxClients: 100, maxSeries: 100, maxRows: 1_000 }

afterEach(() => vi.useRealTimers())

function call(name: string, more: object = {}): Observation {
  const rest = { callId: 'c', method: 'tools/call', client: 'ann', transport: 'http', era: 'modern' }
  return { type: 'call.ended', kind: 'tool', name, status: 'ok', durationMs: 10, ...rest, ...more }
}

/** A recorder with a clock that stands still until it is set, and a store that can be made to fail. */
function recorder(more: Partial<typeof limits> = {}) {
  const seen: Observation[] = []
  const inner = createMemoryUsageStore()
  const state = { now: START, broken: false, adds: 0 }
  const store: UsageStore = {
    ...inner,
    add(rows) {
      state.adds += 1
      if (state.broken) throw new Error('disk')
      return inner.add(rows)
    },
  }
  const recorded = new UsageRecorder({
    store,
    options: { ...limits, ...more },
    isTool: (name) => !name.startsWith('no'),
    clock: () => state.now,
    observer: (observation) => seen.push(observation),
  })
  const calls = async (): Promise<number> =>
    (await readUsage(inner, { from: 0, to: START * 2 })).reduce((sum, row) => sum + row.calls, 0)
  return { recorded, state, seen, calls, store: inner }
}

describe('the use of tools', () => {
  it('is written every minute, and what is left when the server ends', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { recorded, calls, state } = recorder()
    recorded.observe(call('a'))
    expect(state.adds).toBe(0)
    vi.advanceTimersByTime(60_000)
    await vi.waitFor(async () => expect(await calls()).toBe(1))
    recorded.observe(call('a'))
    await recorded.close()
    await recorded.close()
    expect(await calls()).toBe(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is that of tools alone', async () => {
    const { recorded, calls } = recorder()
    recorded.observe(call('a', { kind: 'resource' }))
    recorded.observe({ type: 'server.stopped', message: 'bye' })
    await recorded.close()
    expect(await calls()).toBe(0)
  })

  it('is not lost when the disk fails for a while, which is told once', async () => {
    const { recorded, state, seen, calls } = recorder()
    state.broken = true
    for (let minute = 0; minute < 3; minute += 1) {
      recorded.observe(call('a'))
      await recorded.flush()
      state.now += 60_000
    }
    expect(seen).toEqual([expect.objectContaining({ type: 'fault', cause: new Error('disk') })])
    expect(await calls()).toBe(0)
    state.broken = false
    await recorded.flush()
    expect(await calls()).toBe(3)
    expect(seen.slice(1)).toEqual([expect.objectContaining({ type: 'warning', details: { lostCalls: 0 } })])
    state.broken = true
    recorded.observe(call('a'))
    await recorded.close()
    expect(seen.map(({ type }) => type)).toEqual(['fault', 'warning', 'fault'])
  })

  it('does not fill the memory while the disk fails, and what was lost is told', async () => {
    const { recorded, state, seen, calls } = recorder({ maxSeries: 5 })
    state.broken = true
    for (let minute = 0; minute < 50; minute += 1) {
      recorded.observe(call('a'))
      await recorded.flush()
      state.now += 60_000
    }
    state.broken = false
    await recorded.close()
    expect(await calls()).toBe(20)
    expect(seen.at(-1)).toMatchObject({ type: 'warning', details: { lostCalls: 30 } })
  })

  it('is kept by the minute for a day, by the quarter of an hour for thirty days, and no longer', async () => {
    const { recorded, state, calls, store } = recorder()
    const minutes = async (stepMs: number): Promise<number> =>
      (await store.read({ stepMs, from: 0, to: START * 2, limit: 1_000 })).length
    for (const _ of [1, 2, 3]) {
      recorded.observe(call('a'))
      state.now += 60_000
    }
    await recorded.flush()
    expect([await minutes(60_000), await minutes(900_000)]).toEqual([3, 0])
    state.now += 86_400_000 + 900_000
    await recorded.flush()
    expect([await minutes(60_000), await minutes(900_000), await calls()]).toEqual([0, 1, 3])
    state.now += 30 * 86_400_000
    await recorded.close()
    expect(await calls()).toBe(0)
  })

  it('takes no more rows than it may, however long it goes on', async () => {
    const { recorded, state, store } = recorder({ maxRows: 20 })
    for (let minute = 0; minute < 61; minute += 1) {
      recorded.observe(call('a'))
      await recorded.flush()
      state.now += 60_000
    }
    await recorded.close()
    const rows = await store.read({ stepMs: 60_000, from: 0, to: START * 2, limit: 1_000 })
    expect(rows.length).toBe(20)
    expect(rows.at(-1)?.start).toBe(START + 60 * 60_000)
  })
})
