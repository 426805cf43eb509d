import type { SqlResult } from '../sql/database.ts'
import type { Column, DatabaseSchema, ForeignKey, Table } from '../sql/database-schema.ts'
import { familyOf } from './type-family.ts'

/** Runs a statement of the connector's own and answers all rows. */
export type ReadRows = (text: string) => Promise<SqlResult['rows']>

const TABLES = `SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`
const COLUMNS = `SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c
  WHERE m.type IN ('table', 'view') AND c.hidden <> 1 ORDER BY m.name, c.cid`
const FOREIGN_KEYS = `SELECT m.name, f.id, f."table", f."from", f."to" FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
  WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`

interface KeyedColumn extends Column {
  /** Place in the primary key, from 1 on; 0 outside it. */
  readonly place: number
}

/** Reads tables and views with their columns and keys. */
export async function readSchema(read: ReadRows): Promise<DatabaseSchema> {
  const columns = groupColumns(await read(COLUMNS))
  const foreignKeys = groupForeignKeys(await read(FOREIGN_KEYS))
  const named = (await read(TABLES)).map(([name, type]) => [String(name), String(type)] as const)
  const keyOf = (table: string): readonly string[] =>
    (columns.get(table) ?? [])
      .filter(({ place }) => place > 0)
      .toSorted((one, other) => one.place - other.place)
      .map(({ name }) => name)
  const tables = named.map(
    ([name, type]): Table => ({
      schema: '',
      name,
      kind: type === 'view' ? 'view' : 'table',
      columns: (columns.get(name) ?? []).map(({ place: _, ...column }) => column),
      key: keyOf(name),
      foreignKeys: (foreignKeys.get(name) ?? []).map((key) => pointToKey(key, keyOf)),
    }),
  )
  return { tables }
}

function groupColumns(rows: SqlResult['rows']): ReadonlyMap<string, readonly KeyedColumn[]> {
  const grouped = new Map<string, KeyedColumn[]>()
  for (const [table, name, type, notNull, place] of rows) {
    const known = grouped.get(String(table)) ?? []
    grouped.set(String(table), known)
    known.push({
      name: String(name),
      type: String(type),
      family: familyOf(String(type)),
      isNullable: Number(notNull) === 0 && Number(place) === 0,
      place: Number(place),
    })
  }
  return grouped
}

function groupForeignKeys(rows: SqlResult['rows']): ReadonlyMap<string, readonly ForeignKey[]> {
  const byId = new Map<string, { table: string; to: string; from: string[]; columns: string[] }>()
  for (const [table, id, to, from, column] of rows) {
    const key = JSON.stringify([table, id])
    const known = byId.get(key) ?? { table: String(table), to: String(to), from: [], columns: [] }
    byId.set(key, known)
    known.from.push(String(from))
    // Without a name it means the primary key of the other table.
    if (column !== null && column !== undefined) known.columns.push(String(column))
  }
  const grouped = new Map<string, ForeignKey[]>()
  for (const { table, to, from, columns } of byId.values()) {
    const keys = grouped.get(table) ?? []
    grouped.set(table, keys)
    keys.push({ columns: from, references: { schema: '', table: to, columns } })
  }
  return grouped
}

function pointToKey(key: ForeignKey, keyOf: (table: string) => readonly string[]): ForeignKey {
  const { references } = key
  return references.columns.length > 0
    ? key
    : { ...key, references: { ...references, columns: keyOf(references.table) } }
}
