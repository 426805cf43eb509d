import type { TypeFamily } from '../sql/database-schema.ts'
import type { PgType } from './parse-value.ts'

/** The types of a database by their oid. */
export type PgTypes = ReadonlyMap<number, PgType>

/** Reads all types, one row each; every value as text. */
export const TYPES_SQL = `
SELECT t.oid::text, pg_catalog.format_type(t.oid, NULL), t.typname::text, t.typtype::text, t.typcategory::text,
       t.typelem::text, coalesce(e.typdelim, ',')::text, t.typbasetype::text
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
WHERE t.typtype NOT IN ('c', 'p') OR t.typcategory = 'A'`

interface TypeRow {
  readonly name: string
  readonly plain: string
  readonly kind: string
  readonly category: string
  readonly element: number
  readonly delimiter: string
  readonly base: number
}

/** Types out of the rows of `TYPES_SQL`. */
export function readTypes(rows: readonly (readonly unknown[])[]): PgTypes {
  const found = new Map<number, TypeRow>()
  for (const row of rows) {
    const [oid, name, plain, kind, category, element, delimiter, base] = row.map(String)
    found.set(Number(oid), {
      name: name ?? '',
      plain: plain ?? '',
      kind: kind ?? '',
      category: category ?? '',
      element: Number(element),
      delimiter: delimiter ?? ',',
      base: Number(base),
    })
  }
  const types = new Map<number, PgType>()
  for (const oid of found.keys()) types.set(oid, resolveType(oid, found, 0))
  return types
}

/** A type that is not known: made since the types were read, or a composite one. */
export const UNKNOWN_TYPE: PgType = { name: 'unknown', family: 'other', delimiter: ',' }

const MAX_NESTING = 16

function resolveType(oid: number, found: ReadonlyMap<number, TypeRow>, depth: number): PgType {
  const row = found.get(oid)
  if (row === undefined || depth > MAX_NESTING) return UNKNOWN_TYPE
  const { name, delimiter } = row
  // A domain is read like what it is a domain over, under its own name.
  if (row.kind === 'd') return { ...resolveType(row.base, found, depth + 1), name }
  const isArray = row.category === 'A' && row.element !== 0 && !row.plain.endsWith('vector')
  if (isArray) return { name, family: 'array', delimiter, element: resolveType(row.element, found, depth + 1) }
  return { name, family: familyOf(row.plain, row.kind), delimiter }
}

/** The family of a type that is no array, by `typname` and `typtype`. */
export function familyOf(plain: string, kind: string): TypeFamily {
  return kind === 'e' ? 'enum' : (FAMILIES[plain] ?? 'other')
}

const FAMILIES: Readonly<Record<string, TypeFamily>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  bool: 'boolean',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  citext: 'text',
  uuid: 'uuid',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  bytea: 'binary',
  json: 'json',
  jsonb: 'json',
}
