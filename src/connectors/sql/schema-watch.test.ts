import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exposeShop } from '../../../test/fixtures/exposed-shop.ts'
import type { Exposure } from './exposure.ts'
import { createSchemaWatch } from './schema-watch.ts'

const whole: Exposure = { tables: exposeShop(), mistakes: [] }
const less: Exposure = { tables: whole.tables.slice(1), mistakes: [] }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function watching(everyMs = 100) {
  const found = { now: (): Exposure => whole }
  const changes: Exposure[] = []
  const reports: unknown[] = []
  let looks = 0
  const watch = createSchemaWatch({
    everyMs,
    async read() {
      looks++
      return found.now()
    },
    changed: (exposure) => void changes.push(exposure),
    report: (thrown) => void reports.push(thrown),
  })
  watch.saw(whole)
  watch.start()
  return { watch, found, changes, reports, looks: () => looks, pass: () => vi.advanceTimersByTimeAsync(everyMs) }
}

describe('a watch over the schema', () => {
  it('tells of a change once, and of none when only the estimates differ', async () => {
    const { watch, found, changes, pass } = watching()
    const [first, ...others] = whole.tables
    if (first === undefined) throw new Error('no fixture')
    const grown = { ...first, table: { ...first.table, estimatedRows: 1e6 } }
    found.now = () => ({ tables: [grown, ...others], mistakes: [] })
    await pass()
    expect(changes).toEqual([])
    found.now = () => less
    await pass()
    await pass()
    expect(changes).toEqual([less])
    watch.stop()
  })

  it('reports a failure once until a look succeeds', async () => {
    const { watch, found, reports, pass } = watching()
    const fail = (): Exposure => {
      throw new Error('gone')
    }
    for (const now of [fail, fail, () => whole, fail]) {
      found.now = now
      await pass()
    }
    expect(reports).toHaveLength(2)
    watch.stop()
  })

  it('ends when it is stopped, and never begins with an interval of 0', async () => {
    const { watch, looks, pass } = watching()
    await pass()
    watch.stop()
    await pass()
    expect(looks()).toBe(1)
    const never = watching(0)
    await vi.advanceTimersByTimeAsync(1e6)
    expect(never.looks()).toBe(0)
  })
})
