import type { Sketch } from '../observe/sketch.ts'

/** The calls of one tool by one client with one status, in one span of time. */
export interface UsageRow {
  /** How long the span is, in milliseconds: one of `USAGE_STEPS`. */
  readonly stepMs: number
  /** When it begins: milliseconds since 1970, a multiple of `stepMs`. */
  readonly start: number
  readonly tool: string
  readonly client: string
  readonly status: string
  /** How long the calls took; its count is that of the calls. */
  readonly sketch: Sketch
}

/** Spans in which calls are added up, the finest first: a minute, and a quarter of an hour once the minutes are old. */
export const USAGE_STEPS = { fineMs: 60_000, coarseMs: 900_000 } as const

/** Which rows are read. */
export interface UsageRange {
  readonly stepMs: number
  /** Least `start`. */
  readonly from: number
  /** Every `start` is before it. */
  readonly to: number
  /** The last row that was read before; reading goes on after it. */
  readonly after?: UsageRow
  /** Rows at most. */
  readonly limit: number
}

/** What may stay as it is. Times are in milliseconds since 1970. */
export interface UsageKept {
  /** Minutes that begin before it become quarters of an hour. */
  readonly fineFrom: number
  /** Everything that begins before it is removed. */
  readonly coarseFrom: number
  /** When there are more rows the oldest spans are removed. */
  readonly maxRows: number
  /** Rows that are worked on at most, so that nobody waits long. */
  readonly limit: number
}

/**
 * Where the use of tools is kept. Every function may answer at once or later, and several processes may share a store.
 * `usageStoreSuite` in toolgate/testkit is the contract as tests.
 */
export interface UsageStore {
  /** Adds rows to what there is, all of them or, when it throws, none. What others have added stays counted. */
  add(rows: readonly UsageRow[]): void | Promise<void>
  /** Rows of one step in the order of start, tool, client and status. */
  read(range: UsageRange): readonly UsageRow[] | Promise<readonly UsageRow[]>
  /** Does a part of the work that keeps the store small; `true` when there is more to do. */
  tidy(kept: UsageKept): boolean | Promise<boolean>
  /** Lets go of every file. Idempotent; what is asked afterwards opens them again. */
  close(): void | Promise<void>
}
