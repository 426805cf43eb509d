import { OTHER } from './bounded-names.ts'
import type { Metric } from './metric-table.ts'

/** One combination of label values. */
export interface Series {
  readonly values: readonly string[]
  /** A counter or gauge: its value. A histogram: the count of each bucket, of what is above them, and the sum. */
  readonly cells: Float64Array
}

/** What a metric is at the moment it is asked. */
export type Reading = readonly (readonly [values: readonly string[], value: number])[]

/** Series of one metric; further ones go into one whose labels are all `_OTHER`, so that totals stay right. */
const MAX_SERIES = 5_000

/** Series found value by value: a look at a short text that is known already costs less than making a key of all of them. */
interface Node {
  readonly next: Map<string, Node>
  series: Series | undefined
}

/** The series of one metric. */
export class Family {
  readonly name: string
  readonly metric: Metric
  readonly #root: Node = { next: new Map(), series: undefined }
  readonly #series: Series[] = []
  readonly #buckets: readonly number[]
  #read: (() => Reading) | undefined

  constructor(name: string, metric: Metric) {
    this.name = name
    this.metric = metric
    this.#buckets = metric.buckets ?? []
    // One without labels is there before anything has happened.
    if (metric.labels.length === 0) this.#at([])
  }

  /** Adds to a counter. */
  add(values: readonly string[], by = 1): void {
    const { cells } = this.#at(values)
    cells[0] = (cells[0] ?? 0) + by
  }

  /** Sets a gauge. */
  set(values: readonly string[], value: number): void {
    this.#at(values).cells[0] = value
  }

  /** Takes a value into a histogram. */
  observe(values: readonly string[], value: number): void {
    const { cells } = this.#at(values)
    const buckets = this.#buckets
    let bucket = 0
    while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket += 1
    cells[bucket] = (cells[bucket] as number) + 1
    cells[buckets.length + 1] = (cells[buckets.length + 1] as number) + value
  }

  /** From now on its values are asked for when they are wanted. */
  pull(read: () => Reading): void {
    this.#read = read
  }

  /** Its series of now; those that begin meanwhile may or may not be among them. */
  *series(): Generator<Series> {
    if (this.#read === undefined) yield* this.#series
    else for (const [values, value] of this.#read()) yield { values, cells: Float64Array.of(value) }
  }

  #at(values: readonly string[]): Series {
    let node: Node | undefined = this.#root
    for (let at = 0; at < values.length && node !== undefined; at += 1) node = node.next.get(values[at] as string)
    return node?.series ?? this.#begin(values)
  }

  #begin(wanted: readonly string[]): Series {
    const values = this.#series.length >= MAX_SERIES ? this.metric.labels.map(() => OTHER) : [...wanted]
    let node = this.#root
    for (const value of values) node = nextOf(node, value)
    if (node.series !== undefined) return node.series
    const length = this.metric.type === 'histogram' ? this.#buckets.length + 2 : 1
    const series = { values, cells: new Float64Array(length) }
    node.series = series
    this.#series.push(series)
    return series
  }
}

function nextOf({ next }: Node, value: string): Node {
  const known = next.get(value)
  if (known !== undefined) return known
  const made: Node = { next: new Map(), series: undefined }
  next.set(value, made)
  return made
}

/** A family for each row of a table of metrics. */
export type Families<Name extends string> = Readonly<Record<Name, Family>>

/** Makes the families of a table. */
export function createFamilies<Name extends string>(table: Readonly<Record<Name, Metric>>): Families<Name> {
  const entries = Object.entries<Metric>(table).map(([name, metric]) => [name, new Family(name, metric)])
  return Object.fromEntries(entries) as Families<Name>
}
