import { describe, expect, it } from 'vitest'
import { Sketch } from '../observe/sketch.ts'
import { createMemoryUsageStore } from '../storage/memory/usage-store.ts'
import type { UsageRow } from '../storage/usage-store.ts'
import { readUsage } from './read-usage.ts'

const HOUR = 1_800_000_000_000
const MINUTE = 60_000

function row(more: Partial<UsageRow>, durations: readonly number[]): UsageRow {
  const sketch = new Sketch()
  for (const each of durations) sketch.add(each)
  return { stepMs: MINUTE, start: HOUR, tool: 'a', client: 'ann', status: 'ok', sketch, ...more }
}

function storeOf(...rows: readonly UsageRow[]) {
  const store = createMemoryUsageStore()
  void store.add(rows)
  return store
}

const all = { from: HOUR, to: HOUR + 3_600_000 }
const repeat = (count: number, durationMs: number): readonly number[] => Array.from({ length: count }, () => durationMs)

describe('the use of tools, read', () => {
  it('is nothing where nothing was called', async () => {
    expect(await readUsage(createMemoryUsageStore(), all)).toEqual([])
  })

  it('has calls, errors and the percentiles of all calls together, the most called first', async () => {
    const store = storeOf(
      row({ tool: 'quick' }, [1]),
      row({}, repeat(90, 10)),
      row({ start: HOUR + MINUTE, client: 'bob' }, repeat(8, 1_000)),
      row({ status: 'error' }, repeat(2, 9_000)),
    )
    const [a, quick] = await readUsage(store, { ...all, by: ['tool'] })
    expect(a).toMatchObject({ start: HOUR, tool: 'a', calls: 100, errors: 2, denied: 0 })
    for (const [found, exact] of [
      [a?.p50Ms, 10],
      [a?.p95Ms, 1_000],
      [a?.p99Ms, 9_000],
    ] as const)
      expect(Math.abs((found ?? 0) / exact - 1)).toBeLessThanOrEqual(0.02)
    expect(quick).toMatchObject({ tool: 'quick', calls: 1, errors: 0 })
    expect(quick).not.toHaveProperty('client')
  })

  it('leaves the durations of denied calls out, which were not executed', async () => {
    const store = storeOf(row({ status: 'denied' }, repeat(99, 0.1)), row({}, [500]))
    const [sum] = await readUsage(store, all)
    expect(sum).toMatchObject({ calls: 100, denied: 99 })
    expect(sum?.p50Ms).toBeGreaterThan(490)
    const [denied] = await readUsage(store, { ...all, by: ['status'] })
    expect(denied).toEqual({ start: HOUR, status: 'denied', calls: 99, errors: 0, denied: 99 })
  })

  it('tells spans and combinations apart', async () => {
    const starts = [0, 4, 5, 9].map((at) => row({ start: HOUR + at * MINUTE }, [1]))
    const store = storeOf(...starts, row({ client: 'bob' }, [1]))
    const sums = await readUsage(store, { ...all, stepMs: 5 * MINUTE, by: ['tool', 'client'] })
    expect(sums.map(({ start, client, calls }) => [(start - HOUR) / MINUTE, client, calls])).toEqual([
      [0, 'ann', 2],
      [0, 'bob', 1],
      [5, 'ann', 2],
    ])
  })

  it('takes spans as a whole that began before, and none that begin at the end', async () => {
    const starts = [-1, 0, 1, 2].map((at) => row({ start: HOUR + at * MINUTE }, [1]))
    const store = storeOf(...starts, row({ stepMs: 15 * MINUTE, start: HOUR - 15 * MINUTE }, [1]))
    const calls = async (from: number, to: number): Promise<number | undefined> =>
      (await readUsage(store, { from, to }))[0]?.calls
    expect(await calls(HOUR + 30_000, HOUR + 2 * MINUTE)).toBe(2)
    expect(await calls(HOUR - 1, HOUR)).toBe(2)
  })

  it('reads more than a page', async () => {
    const rows = Array.from({ length: 1_234 }, (_, at) => row({ tool: `t${at}` }, [1]))
    expect((await readUsage(storeOf(...rows), all))[0]?.calls).toBe(1_234)
    expect(await readUsage(storeOf(...rows), { ...all, by: ['tool'] })).toHaveLength(1_234)
  })

  it('refuses spans that are none', async () => {
    const store = createMemoryUsageStore()
    for (const query of [
      { ...all, from: Number.NaN },
      { ...all, to: Number.POSITIVE_INFINITY },
      { ...all, stepMs: 0 },
    ])
      await expect(readUsage(store, query)).rejects.toThrow(RangeError)
  })
})
