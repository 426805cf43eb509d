import { setImmediate } from 'node:timers/promises'
import { Sketch } from '../observe/sketch.ts'
import { USAGE_STEPS, type UsageRow, type UsageStore } from '../storage/usage-store.ts'

/** What calls can be told apart by. */
export type UsageDimension = 'tool' | 'client' | 'status'

/** Which calls are asked for, and how they are added up. Times are in milliseconds since 1970. */
export interface UsageQuery {
  /** The span, by the minute; of what is older than a day, by the quarter of an hour. */
  readonly from: number
  readonly to: number
  /** Length of the spans in the answer, counted from 1970; one span from `from` to `to` when it is left out. */
  readonly stepMs?: number
  /** One sum for all calls when it is left out. */
  readonly by?: readonly UsageDimension[]
}

/** The calls of one span, and of one tool, client or status where it was asked by these. */
export interface UsageSum {
  readonly start: number
  readonly tool?: string
  readonly client?: string
  readonly status?: string
  /** All of them. */
  readonly calls: number
  /** Those with the status `error`. */
  readonly errors: number
  /** Those with the status `denied`: they were not executed, and their durations are left out. */
  readonly denied: number
  /** Half, 95 % and 99 % of the calls took no longer, to within 2 %; absent when none was executed. */
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
}

const PAGE = 500

interface Sum {
  readonly key: Pick<UsageSum, 'start' | UsageDimension>
  readonly sketch: Sketch
  calls: number
  errors: number
  denied: number
}

/**
 * Adds up what a store knows of the use of tools, by start and then the most called first. Percentiles are those of the
 * calls themselves, never of percentiles. Throws `RangeError` for a span or step that is none.
 */
export async function readUsage(store: UsageStore, query: UsageQuery): Promise<readonly UsageSum[]> {
  const { from, to, stepMs = 1 } = query
  if (!Number.isFinite(from) || !Number.isFinite(to)) throw new RangeError('from and to must be times')
  if (!(stepMs > 0 && Number.isFinite(stepMs))) throw new RangeError('stepMs must be more than 0')
  const sums = new Map<string, Sum>()
  for (const step of Object.values(USAGE_STEPS)) {
    // A span that has begun before is counted as a whole: there is no telling its parts apart.
    const range = { stepMs: step, from: from - (((from % step) + step) % step), to, limit: PAGE }
    for await (const row of readAll(store, range)) addTo(sums, row, query)
  }
  return [...sums.values()].sort(compare).map(toUsageSum)
}

/** Page by page, so that a long time does not hold the calls up that are served beside. */
async function* readAll(store: UsageStore, range: Parameters<UsageStore['read']>[0]): AsyncGenerator<UsageRow> {
  let page = await store.read(range)
  while (page.length > 0) {
    yield* page
    const after = page.at(-1)
    if (page.length < range.limit || after === undefined) return
    await setImmediate()
    page = await store.read({ ...range, after })
  }
}

function addTo(sums: Map<string, Sum>, row: UsageRow, { from, stepMs, by = [] }: UsageQuery): void {
  const start = stepMs === undefined ? from : row.start - (row.start % stepMs)
  const named = Object.fromEntries(by.map((dimension) => [dimension, row[dimension]]))
  const id = JSON.stringify([start, ...by.map((dimension) => row[dimension])])
  const sum = sums.get(id) ?? { key: { start, ...named }, sketch: new Sketch(), calls: 0, errors: 0, denied: 0 }
  sums.set(id, sum)
  const { count } = row.sketch
  sum.calls += count
  if (row.status === 'error') sum.errors += count
  if (row.status === 'denied') sum.denied += count
  else sum.sketch.merge(row.sketch)
}

function compare(a: Sum, b: Sum): number {
  const names = ({ key }: Sum): string => `${key.tool}\n${key.client}\n${key.status}`
  return a.key.start - b.key.start || b.calls - a.calls || (names(a) < names(b) ? -1 : 1)
}

function toUsageSum({ key, sketch, calls, errors, denied }: Sum): UsageSum {
  const sum = { ...key, calls, errors, denied }
  const [p50Ms, p95Ms, p99Ms] = [sketch.quantile(0.5), sketch.quantile(0.95), sketch.quantile(0.99)]
  if (p50Ms === undefined || p95Ms === undefined || p99Ms === undefined) return sum
  return { ...sum, p50Ms, p95Ms, p99Ms }
}
