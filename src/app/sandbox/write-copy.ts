import { NO_IDENTITY, type SqlDatabase } from '../../connectors/sql/database.ts'
import { type Column, qualifiedName } from '../../connectors/sql/database-schema.ts'
import type { SqlParameter } from '../../connectors/sql/dialect.ts'
import type { ColumnPlan, TablePlan } from './plan-copy.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import type { Sample, SampledRow } from './sample-tables.ts'

/** What is written where. */
export interface WriteOptions {
  /** An empty PostgreSQL, as its owner. */
  readonly database: SqlDatabase
  readonly sample: Sample
  readonly pseudonyms: Pseudonyms
  /** The login that will serve it. */
  readonly reader: string
  readonly signal: AbortSignal
}

/** Makes the tables, fills them and declares their keys. Answers how many rows each has. */
export async function writeCopy(
  plans: readonly TablePlan[],
  options: WriteOptions,
): Promise<ReadonlyMap<string, number>> {
  const { sample, reader } = options
  const { dialect } = options.database
  const counts = new Map<string, number>()
  for (const schema of new Set(plans.map(({ exposed }) => exposed.table.schema))) {
    await execute(options, `CREATE SCHEMA IF NOT EXISTS ${dialect.quote(schema)}`)
    await execute(options, `GRANT USAGE ON SCHEMA ${dialect.quote(schema)} TO ${dialect.quote(reader)}`)
  }
  await makeEnumerations(plans, options)
  for (const plan of plans) {
    await makeTable(plan, options)
    const rows = sample.get(plan.exposed.name) ?? []
    await fill(plan, rows, options)
    counts.set(plan.exposed.name, rows.length)
  }
  for (const plan of plans) await declareForeignKeys(plan, plans, options)
  for (const { exposed } of plans) await execute(options, `ANALYZE ${dialect.from(exposed.table)}`)
  return counts
}

const WRITE = { maxRows: 10, maxBytes: 1024 * 1024, timeoutMs: 120_000 }

async function execute(
  { database, signal }: WriteOptions,
  text: string,
  parameters: readonly SqlParameter[] = [],
): Promise<readonly (readonly unknown[])[]> {
  const { rows } = await database.execute(
    { text, parameters },
    { signal, access: 'write', lane: 'ordinary', identity: NO_IDENTITY, budget: WRITE },
  )
  return rows
}

const NAME = String.raw`(?:[a-z_][a-z0-9_$]*|"(?:[^"\0]|"")+")`
/** What the engine writes for a type that somebody made: `mood`, `app."Mood"`. */
const OWN_TYPE = new RegExp(`^(?:(${NAME})\\.)?${NAME}$`)
/** What the engine writes for one of its own types. Nothing else of the source's text becomes part of a statement. */
const ENGINE_TYPE = /^[a-z][a-z0-9_ ]*(\(\d+(,-?\d+)?\))?( with(out)? time zone)?(\[\])*$/

async function makeEnumerations(plans: readonly TablePlan[], options: WriteOptions): Promise<void> {
  const { dialect } = options.database
  const made = new Set<string>()
  for (const { column } of plans.flatMap(({ columns }) => columns)) {
    const match = OWN_TYPE.exec(column.type)
    if (column.family !== 'enum' || column.values === undefined || match === null || made.has(column.type)) continue
    made.add(column.type)
    if (match[1] !== undefined) await execute(options, `CREATE SCHEMA IF NOT EXISTS ${match[1]}`)
    const values = column.values.map((value) => dialect.literal(value)).join(', ')
    await execute(options, `CREATE TYPE ${column.type} AS ENUM (${values})`)
  }
}

async function makeTable({ exposed, columns }: TablePlan, options: WriteOptions): Promise<void> {
  const { dialect } = options.database
  const { table } = exposed
  const at = dialect.from(table)
  const lines: string[] = []
  for (const { column, how } of columns) {
    const isRequired = !column.isNullable && how === 'copy'
    lines.push(`${dialect.quote(column.name)} ${await typeOf(column, options)}${isRequired ? ' NOT NULL' : ''}`)
  }
  const invented = new Set(columns.filter(({ how }) => how === 'invent').map(({ column }) => column.name))
  if (table.key.length > 0 && !table.key.some((name) => invented.has(name)))
    lines.push(`PRIMARY KEY (${table.key.map((name) => dialect.quote(name)).join(', ')})`)
  await execute(options, `CREATE TABLE ${at} (${lines.join(', ')})`)
  await execute(options, `GRANT SELECT, INSERT, UPDATE, DELETE ON ${at} TO ${dialect.quote(options.reader)}`)
  if (table.comment !== undefined) await execute(options, `COMMENT ON TABLE ${at} IS ${dialect.literal(table.comment)}`)
  for (const { column } of columns) {
    if (column.comment === undefined) continue
    await execute(
      options,
      `COMMENT ON COLUMN ${at}.${dialect.quote(column.name)} IS ${dialect.literal(column.comment)}`,
    )
  }
}

/** The type as the source has it, where this engine has it too; else text. */
async function typeOf({ type, family, values }: Column, options: WriteOptions): Promise<string> {
  if (family === 'enum' && values !== undefined && OWN_TYPE.test(type)) return type
  if (!ENGINE_TYPE.test(type)) return 'text'
  const [row] = await execute(options, 'SELECT pg_catalog.to_regtype($1) IS NOT NULL', [type])
  return row?.[0] === true ? type : 'text'
}

async function fill(
  { exposed, columns }: TablePlan,
  rows: readonly SampledRow[],
  options: WriteOptions,
): Promise<void> {
  const { dialect } = options.database
  const size = Math.max(1, Math.min(100, Math.floor(10_000 / Math.max(1, columns.length))))
  const names = columns.map(({ column }) => dialect.quote(column.name)).join(', ')
  for (let at = 0; at < rows.length; at += size) {
    const some = rows.slice(at, at + size)
    const tuples = some.map(
      (_, row) => `(${columns.map((_, place) => dialect.placeholder(row * columns.length + place)).join(', ')})`,
    )
    const values = some.flatMap((row, place) => columns.map((column) => copiedValue(column, row, at + place, options)))
    await execute(options, `INSERT INTO ${dialect.from(exposed.table)} (${names}) VALUES ${tuples.join(', ')}`, values)
  }
}

function copiedValue(
  { column, how, isKey }: ColumnPlan,
  row: SampledRow,
  number: number,
  { pseudonyms }: WriteOptions,
): string | null {
  if (how === 'invent') return column.isNullable ? null : (pseudonyms.of(`row ${number}`, column) ?? null)
  const value = row.get(column.name) ?? null
  if (value === null) return null
  return (how === 'copy' ? pseudonyms.clean(value, column, isKey) : pseudonyms.of(value, column)) ?? null
}

/** Where the key that is referred to is the one that was declared. */
async function declareForeignKeys(
  { exposed, foreignKeys }: TablePlan,
  plans: readonly TablePlan[],
  options: WriteOptions,
): Promise<void> {
  const { dialect } = options.database
  const list = (names: readonly string[]): string => names.map((name) => dialect.quote(name)).join(', ')
  for (const { columns, references } of foreignKeys) {
    const name = qualifiedName({ schema: references.schema, name: references.table })
    const parent = plans.find((plan) => plan.exposed.name === name)?.exposed.table
    if (parent === undefined || [...parent.key].sort().join('\0') !== [...references.columns].sort().join('\0'))
      continue
    await execute(
      options,
      `ALTER TABLE ${dialect.from(exposed.table)} ADD FOREIGN KEY (${list(columns)}) REFERENCES ${dialect.from(parent)} (${list(references.columns)})`,
    )
  }
}
