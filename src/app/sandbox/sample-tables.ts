import { NO_IDENTITY, type SqlDatabase, type SqlResult, type SqlValue } from '../../connectors/sql/database.ts'
import { type ForeignKey, qualifiedName } from '../../connectors/sql/database-schema.ts'
import type { ColumnPlan, TablePlan } from './plan-copy.ts'

/** A row as texts of the engine; columns that are not read are absent. */
export type SampledRow = ReadonlyMap<string, string | null>

/** The rows of each table, by its name. Every foreign key in them leads to a row in them. */
export type Sample = ReadonlyMap<string, readonly SampledRow[]>

export interface SampleOptions {
  readonly database: SqlDatabase
  /** Of each table, before those come that others refer to. */
  readonly rows: number
  readonly signal: AbortSignal
}

/** Values of one column by which rows are scoped that are looked for. */
const MAX_SCOPES = 1_000
/** How many times `rows` a table may grow by what others refer to; what lies beyond it is referred to no more. */
const MAX_GROWTH = 5
const MAX_AT_ONCE = 100
const READ = { maxBytes: 64 * 1024 * 1024, timeoutMs: 120_000 }

/** Reads the sample: the first rows by key, some of every tenant, and what they refer to. */
export async function sampleTables(plans: readonly TablePlan[], options: SampleOptions): Promise<Sample> {
  const tables = new Map(plans.map((plan) => [plan.exposed.name, new SampledTable(plan, options)]))
  for (const table of tables.values()) await table.readFirst()
  await readParents(tables, options.rows)
  for (const table of tables.values()) table.forgetLinks()
  while ([...tables.values()].map((table) => table.prune(tables)).some(Boolean));
  return new Map([...tables].map(([name, table]) => [name, table.rows]))
}

async function readParents(tables: ReadonlyMap<string, SampledTable>, rows: number): Promise<void> {
  for (let found = true; found; ) {
    found = false
    for (const table of tables.values()) {
      const fresh = table.takeFresh()
      for (const key of table.plan.foreignKeys) {
        const parent = tables.get(parentOf(key))
        const wanted = fresh.map((row) => valuesOf(row, key.columns)).filter((values) => values !== undefined)
        if (parent !== undefined && (await parent.read(key.references.columns, wanted, rows * (1 + MAX_GROWTH))))
          found = true
      }
    }
  }
}

class SampledTable {
  readonly plan: TablePlan
  rows: SampledRow[] = []
  readonly #options: SampleOptions
  readonly #read: readonly ColumnPlan[]
  readonly #seen = new Set<string>()
  readonly #asked = new Set<string>()
  #fresh: SampledRow[] = []

  constructor(plan: TablePlan, options: SampleOptions) {
    this.plan = plan
    this.#options = options
    this.#read = plan.columns.filter(({ how }) => how !== 'invent')
  }

  /** Rows of every tenant first, then the first ones by key. */
  async readFirst(): Promise<void> {
    const { dialect } = this.#options.database
    for (const name of this.plan.scopedBy) {
      const column = dialect.quote(name)
      const scopes = await this.#query(
        `SELECT DISTINCT ${column} FROM ${this.#from()} WHERE ${column} IS NOT NULL ORDER BY ${column} ${dialect.limit(MAX_SCOPES, 0)}`,
        [],
      )
      const share = Math.max(1, Math.floor(this.#options.rows / Math.max(1, scopes.rows.length)))
      for (const [scope] of scopes.rows)
        await this.#take(`WHERE ${column} = ${dialect.placeholder(0, this.#column(name))}`, [asText(scope)], share)
    }
    const left = this.#options.rows - this.rows.length
    if (left > 0) await this.#take('', [], this.#options.rows, left)
  }

  /** Rows by the values of some columns; answers whether there were new ones. */
  async read(columns: readonly string[], wanted: readonly (readonly string[])[], atMost: number): Promise<boolean> {
    const asked = new Map(wanted.map((values) => [JSON.stringify([columns, values]), values]))
    for (const key of this.#asked) asked.delete(key)
    for (const key of asked.keys()) this.#asked.add(key)
    const before = this.rows.length
    const lists = [...asked.values()]
    const { dialect } = this.#options.database
    for (let at = 0; at < lists.length && this.rows.length < atMost; at += MAX_AT_ONCE) {
      const some = lists.slice(at, at + MAX_AT_ONCE)
      const conditions = some.map((_, row) =>
        columns
          .map(
            (name, place) =>
              `${dialect.quote(name)} = ${dialect.placeholder(row * columns.length + place, this.#column(name))}`,
          )
          .join(' AND '),
      )
      await this.#take(`WHERE (${conditions.join(') OR (')})`, some.flat(), some.length)
    }
    return this.rows.length > before
  }

  /** Rows whose own parents were not looked for so far. */
  takeFresh(): readonly SampledRow[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  forgetLinks(): void {
    this.#asked.clear()
    this.#seen.clear()
  }

  /** Takes out references to rows that are not there, and rows that cannot be without; answers whether rows were taken out. */
  prune(tables: ReadonlyMap<string, SampledTable>): boolean {
    const checks = this.plan.foreignKeys.map((key) => {
      const there = tables.get(parentOf(key))?.rows.map((row) => JSON.stringify(valuesOf(row, key.references.columns)))
      return { key, there: new Set(there) }
    })
    const before = this.rows.length
    this.rows = this.rows.flatMap((row) => {
      let kept: SampledRow | undefined = row
      for (const { key, there } of checks) {
        const values = kept && valuesOf(kept, key.columns)
        if (kept === undefined || values === undefined || there.has(JSON.stringify(values))) continue
        kept = this.#loosen(kept, key)
      }
      return kept === undefined ? [] : [kept]
    })
    return this.rows.length < before
  }

  /** The row without what leads nowhere; undefined where it cannot be without. */
  #loosen(row: SampledRow, { columns }: ForeignKey): SampledRow | undefined {
    const { scopedBy, exposed } = this.plan
    const loose = columns.find(
      (name) =>
        this.#column(name)?.isNullable === true && !exposed.table.key.includes(name) && !scopedBy.includes(name),
    )
    return loose === undefined ? undefined : new Map([...row, [loose, null]])
  }

  async #take(where: string, parameters: readonly (string | null)[], count: number, atMost = count): Promise<void> {
    const { dialect } = this.#options.database
    const columns = this.#read.map(({ column }) => selectText(dialect, column))
    const order = this.plan.exposed.table.key.map((name) => dialect.quote(name)).join(', ')
    const list = columns.length === 0 ? 'NULL' : columns.join(', ')
    const ordered = order === '' ? dialect.noOrder : `ORDER BY ${order}`
    const text = `SELECT ${list} FROM ${this.#from()} ${where} ${ordered} ${dialect.limit(count, 0)}`
    const { rows } = await this.#query(text, parameters)
    let left = atMost
    for (const values of rows) {
      if (left === 0) return
      if (this.#add(new Map(this.#read.map(({ column }, at) => [column.name, asText(values[at])])))) left -= 1
    }
  }

  #add(row: SampledRow): boolean {
    const { key } = this.plan.exposed.table
    const identity = JSON.stringify(key.length === 0 ? [...row.values()] : key.map((name) => row.get(name)))
    if (this.#seen.has(identity)) return false
    this.#seen.add(identity)
    this.rows.push(row)
    this.#fresh.push(row)
    return true
  }

  #query(text: string, parameters: readonly (string | null)[]): Promise<SqlResult> {
    const { database, signal } = this.#options
    return database.execute(
      { text, parameters },
      { signal, access: 'read', lane: 'ordinary', identity: NO_IDENTITY, budget: { ...READ, maxRows: 1_000_000 } },
    )
  }

  #from(): string {
    return this.#options.database.dialect.from(this.plan.exposed.table)
  }

  #column(name: string): ColumnPlan['column'] | undefined {
    return this.plan.exposed.table.columns.find((column) => column.name === name)
  }
}

/** PostgreSQL writes every value as a text that it reads back as the same value. */
function selectText(dialect: SqlDatabase['dialect'], column: ColumnPlan['column']): string {
  const name = dialect.quote(column.name)
  return dialect.name === 'postgres' ? `(${name})::pg_catalog.text` : dialect.select(name, column)
}

function asText(value: SqlValue | undefined): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function parentOf({ references }: ForeignKey): string {
  return qualifiedName({ schema: references.schema, name: references.table })
}

/** Undefined when one of them is NULL: then a foreign key leads nowhere. */
function valuesOf(row: SampledRow, columns: readonly string[]): readonly string[] | undefined {
  const values = columns.map((name) => row.get(name) ?? null)
  return values.some((value) => value === null) ? undefined : (values as readonly string[])
}
