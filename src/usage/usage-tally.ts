import type { Observation } from '../observe/observation.ts'
import { Sketch } from '../observe/sketch.ts'
import { USAGE_STEPS, type UsageRow } from '../storage/usage-store.ts'
import type { UsageOptions } from './options.ts'

/** Stands for every tool and client that is not told apart. */
export const OTHER = '_OTHER'

/** How a call ended, as observers are told. */
export type CallEnded = Extract<Observation, { type: 'call.ended' }>

type Series = Map<string, Map<string, Map<string, Sketch>>>

/** The calls since it was last emptied, added up by minute, tool, client and status, in bounded memory. */
export class UsageTally {
  readonly #limits: Omit<UsageOptions, 'enabled'>
  readonly #isTool: (name: string) => boolean
  readonly #minutes = new Map<number, Series>()
  readonly #tools = new Set<string>()
  readonly #clients = new Set<string>()
  #count = 0
  #start = Number.NaN
  #current: Series = new Map()

  constructor(limits: Omit<UsageOptions, 'enabled'>, isTool: (name: string) => boolean) {
    this.#limits = limits
    this.#isTool = isTool
  }

  /** Counts a call that ended at `now`. Names that callers make up are not kept: they stand for no tool. */
  add({ name, client, status, durationMs }: CallEnded, now: number): void {
    if (!(now >= this.#start && now < this.#start + USAGE_STEPS.fineMs)) this.#turnTo(now)
    const found = this.#current.get(name)?.get(client)?.get(status)
    const sketch = found ?? this.#open(this.#isTool(name) ? name : OTHER, client, status)
    sketch.add(durationMs)
  }

  /** Everything that was counted; from here on it counts from nothing. */
  take(): readonly UsageRow[] {
    const rows: UsageRow[] = []
    for (const [start, series] of this.#minutes)
      for (const [tool, byClient] of series)
        for (const [client, byStatus] of byClient)
          for (const [status, sketch] of byStatus)
            rows.push({ stepMs: USAGE_STEPS.fineMs, start, tool, client, status, sketch })
    for (const each of [this.#minutes, this.#tools, this.#clients]) each.clear()
    this.#count = 0
    this.#start = Number.NaN
    return rows
  }

  #turnTo(now: number): void {
    this.#start = now - (now % USAGE_STEPS.fineMs)
    this.#current = this.#minutes.get(this.#start) ?? new Map()
    this.#minutes.set(this.#start, this.#current)
  }

  #open(name: string, from: string, status: string): Sketch {
    const { maxTools, maxClients, maxSeries } = this.#limits
    const tool = admit(this.#tools, name, maxTools)
    const client = admit(this.#clients, from, maxClients)
    const found = this.#current.get(tool)?.get(client)?.get(status)
    if (found !== undefined) return found
    // The few of `_OTHER` have their room beside the others: one for each status.
    const isFull = this.#count >= maxSeries && (tool !== OTHER || client !== OTHER)
    if (isFull) return this.#at(OTHER, OTHER, status)
    this.#count += 1
    return this.#at(tool, client, status)
  }

  #at(tool: string, client: string, status: string): Sketch {
    const byClient = member(this.#current, tool, () => new Map<string, Map<string, Sketch>>())
    const byStatus = member(byClient, client, () => new Map<string, Sketch>())
    return member(byStatus, status, () => new Sketch())
  }
}

function admit(names: Set<string>, name: string, max: number): string {
  if (name === OTHER || names.has(name)) return name
  if (names.size >= max) return OTHER
  names.add(name)
  return name
}

function member<Value>(map: Map<string, Value>, name: string, make: () => Value): Value {
  const found = map.get(name)
  if (found !== undefined) return found
  const made = make()
  map.set(name, made)
  return made
}
