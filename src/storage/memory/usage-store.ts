import { Sketch } from '../../observe/sketch.ts'
import { USAGE_STEPS, type UsageRow, type UsageStore } from '../usage-store.ts'

/** The use of tools, kept as long as the process lives: for tests. */
export function createMemoryUsageStore(): UsageStore {
  const byKey = new Map<string, UsageRow>()

  const add = (rows: readonly UsageRow[]): void => {
    for (const row of rows) {
      const sketch = new Sketch()
      const kept = byKey.get(keyOf(row))
      if (kept !== undefined) sketch.merge(kept.sketch)
      sketch.merge(row.sketch)
      byKey.set(keyOf(row), { ...row, sketch })
    }
  }
  const oldestFirst = (): readonly UsageRow[] =>
    [...byKey.values()].sort((a, b) => b.stepMs - a.stepMs || a.start - b.start)

  return {
    add,
    read: ({ stepMs, from, to, after, limit }) =>
      [...byKey.values()]
        .filter((row) => row.stepMs === stepMs && row.start >= from && row.start < to)
        .sort(compare)
        .filter((row) => after === undefined || compare(row, after) > 0)
        .slice(0, limit),
    tidy({ fineFrom, coarseFrom, maxRows, limit }) {
      const { fineMs, coarseMs } = USAGE_STEPS
      const isOld = ({ stepMs, start }: UsageRow): boolean => start < (stepMs === fineMs ? fineFrom : coarseFrom)
      const old = oldestFirst().filter(isOld).slice(0, limit)
      for (const row of old) {
        byKey.delete(keyOf(row))
        if (row.start >= coarseFrom) add([{ ...row, stepMs: coarseMs, start: row.start - (row.start % coarseMs) }])
      }
      const most = Math.min(Math.max(0, byKey.size - maxRows), limit)
      for (const row of oldestFirst().slice(0, most)) byKey.delete(keyOf(row))
      return old.length === limit || most === limit
    },
    close: () => undefined,
  }
}

function keyOf({ stepMs, start, tool, client, status }: UsageRow): string {
  return JSON.stringify([stepMs, start, tool, client, status])
}

function compare(a: UsageRow, b: UsageRow): number {
  return a.start - b.start || order(a.tool, b.tool) || order(a.client, b.client) || order(a.status, b.status)
}

function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
