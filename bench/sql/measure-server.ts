import type { Client } from 'pg'
import { percentile } from '../arithmetic.ts'
import { callSql, type SqlServer, type Work } from './http-caller.ts'

/** How a server did; milliseconds. */
export interface SqlFigures {
  readonly name: string
  readonly oneMs: number
  readonly rowsMs: number
  /** Of the answer with 1,000 rows of 6 columns. */
  readonly rowsBytes: number
  /** Of fifty calls at once: how many failed, and when the last was answered. */
  readonly burstFailed: number
  readonly burstMs: number
  /** A cheap statement behind twenty that take a second. */
  readonly behindMs: number
  /** From leaving until the database no longer works on it; undefined when it went on for five seconds. */
  readonly freedMs: number | undefined
}

const BURST = 50
const SLOW = 20

/** Calls a server in every way that is compared. */
export async function measureServer(server: SqlServer, control: Client, times: SqlTimes): Promise<SqlFigures> {
  await repeat(() => callOnce(server, 'one'), 100)
  const oneMs = await repeat(() => callOnce(server, 'one'), times.one)
  const rowsMs = await repeat(() => callOnce(server, 'rows'), times.rows)
  const { bytes: rowsBytes } = await callSql(server, 'rows')
  const burst = await measureBurst(server)
  return {
    name: server.name,
    oneMs,
    rowsMs,
    rowsBytes,
    ...burst,
    behindMs: await measureBehind(server),
    freedMs: await measureFreed(server, control),
  }
}

/** How often each statement is run. */
export interface SqlTimes {
  readonly one: number
  readonly rows: number
}

/** The median of as many runs, one after the other. */
export async function repeat(run: () => Promise<unknown>, times: number): Promise<number> {
  const took: number[] = []
  for (let time = 0; time < times; time += 1) {
    const startedAt = performance.now()
    await run()
    took.push(performance.now() - startedAt)
  }
  return percentile(
    took.toSorted((one, other) => one - other),
    0.5,
  )
}

async function callOnce(server: SqlServer, work: Work): Promise<void> {
  const { isError, text } = await callSql(server, work)
  if (isError) throw new Error(`${server.name} answered ${work} with ${text.slice(0, 300)}`)
}

async function measureBurst(server: SqlServer): Promise<Pick<SqlFigures, 'burstFailed' | 'burstMs'>> {
  const startedAt = performance.now()
  const answers = await Promise.all(Array.from({ length: BURST }, () => callSql(server, 'rows')))
  return { burstFailed: answers.filter(({ isError }) => isError).length, burstMs: performance.now() - startedAt }
}

async function measureBehind(server: SqlServer): Promise<number> {
  const slow = Array.from({ length: SLOW }, () => callSql(server, 'second'))
  await pause(100)
  const startedAt = performance.now()
  await callOnce(server, 'cheap')
  const took = performance.now() - startedAt
  await Promise.all(slow)
  return took
}

async function measureFreed(server: SqlServer, control: Client): Promise<number | undefined> {
  const leaving = new AbortController()
  const gone = callSql(server, 'minute', leaving.signal).catch(() => undefined)
  while (!(await isSleeping(control))) await pause(10)
  const leftAt = performance.now()
  leaving.abort()
  await gone
  while (performance.now() - leftAt < 5_000) {
    if (!(await isSleeping(control))) return performance.now() - leftAt
    await pause(5)
  }
  await control.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
  )
  return undefined
}

async function isSleeping(control: Client): Promise<boolean> {
  const { rows } = await control.query(
    `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
  )
  return rows.length > 0
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
