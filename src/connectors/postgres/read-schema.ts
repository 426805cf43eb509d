import type { SqlResult } from '../sql/database.ts'
import type { Column, DatabaseSchema, ForeignKey, Table, TypeFamily } from '../sql/database-schema.ts'
import { quoteText } from './postgres-dialect.ts'
import { familyOf } from './read-types.ts'

/** Runs a statement of the connector itself. */
export type ReadCatalogue = (text: string, signal: AbortSignal) => Promise<SqlResult>

/** Tables, views and foreign tables of which the login may read something; partitions belong to their table. */
export async function readSchema(
  read: ReadCatalogue,
  schemas: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<DatabaseSchema> {
  const { rows } = await read(writeSchemaQuery(schemas), signal)
  return { tables: rows.map(([table]) => toTable(table as unknown as TableRow)) }
}

interface TableRow {
  readonly schema: string
  readonly name: string
  readonly relkind: string
  readonly comment: string | null
  readonly rows: number
  readonly columns: readonly ColumnRow[]
  readonly keys: readonly (readonly string[])[] | null
  readonly foreign: readonly ForeignKey[] | null
}

interface ColumnRow {
  readonly name: string
  readonly type: string
  readonly base: string
  readonly kind: string
  readonly isArray: boolean
  readonly nullable: boolean
  readonly comment: string | null
  readonly values: readonly string[] | null
}

function toTable({ schema, name, relkind, comment, rows, columns, keys, foreign }: TableRow): Table {
  return {
    schema,
    name,
    kind: relkind === 'v' || relkind === 'm' ? 'view' : 'table',
    ...(comment !== null && { comment }),
    columns: columns.map(toColumn),
    key: keys?.[0] ?? [],
    foreignKeys: foreign ?? [],
    ...(rows >= 0 && { estimatedRows: Number(rows) }),
  }
}

function toColumn({ name, type, base, kind, isArray, nullable, comment, values }: ColumnRow): Column {
  const family: TypeFamily = isArray ? 'array' : familyOf(base, kind)
  return {
    name,
    type,
    family,
    isNullable: nullable,
    ...(comment !== null && { comment }),
    ...(values !== null && { values }),
  }
}

/** A key of the table: the primary one, else the shortest unique one whose columns are never null. */
const KEYS = `SELECT json_agg(k.names ORDER BY k.indisprimary DESC, k.indnkeyatts, k.names::text) FROM (
  SELECT i.indisprimary, i.indnkeyatts, (SELECT json_agg(a.attname ORDER BY p.place)
    FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS p(attnum, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.attnum WHERE p.place <= i.indnkeyatts) AS names
  FROM pg_index i
  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS p(attnum, place)
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.attnum
      WHERE p.place <= i.indnkeyatts AND (NOT a.attnotnull OR NOT has_column_privilege(c.oid, a.attnum, 'SELECT')))) k`

const FOREIGN_KEYS = `SELECT json_agg(json_build_object(
    'columns', (SELECT json_agg(a.attname ORDER BY p.place) FROM unnest(f.conkey) WITH ORDINALITY AS p(attnum, place)
      JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = p.attnum),
    'references', json_build_object('schema', fn.nspname, 'table', fc.relname, 'columns',
      (SELECT json_agg(a.attname ORDER BY p.place) FROM unnest(f.confkey) WITH ORDINALITY AS p(attnum, place)
        JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = p.attnum))) ORDER BY f.conname)
  FROM pg_constraint f JOIN pg_class fc ON fc.oid = f.confrelid JOIN pg_namespace fn ON fn.oid = fc.relnamespace
  WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.conparentid = 0`

const COLUMNS = `SELECT json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
    'base', b.typname, 'kind', b.typtype,
    'isArray', b.typcategory = 'A' AND b.typelem <> 0 AND b.typname NOT LIKE '%vector',
    'nullable', NOT (a.attnotnull OR t.typnotnull), 'comment', col_description(c.oid, a.attnum),
    'values', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid)
  ) ORDER BY a.attnum)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND has_column_privilege(c.oid, a.attnum, 'SELECT')`

function writeSchemaQuery(schemas: readonly string[] | undefined): string {
  const named = schemas === undefined ? '' : ` AND n.nspname IN (${schemas.map(quoteText).join(', ')})`
  return `SELECT json_build_object('schema', n.nspname, 'name', c.relname, 'relkind', c.relkind,
    'comment', obj_description(c.oid, 'pg_class'), 'rows', c.reltuples, 'columns', (${COLUMNS}), 'keys', (${KEYS}),
    'foreign', (${FOREIGN_KEYS}))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'${named}
    AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
  ORDER BY n.nspname, c.relname`
}
