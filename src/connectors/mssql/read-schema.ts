import { NO_IDENTITY, type SqlDatabase, type SqlValue } from '../sql/database.ts'
import type { Column, DatabaseSchema, ForeignKey, Table, TypeFamily } from '../sql/database-schema.ts'

type Execute = SqlDatabase['execute']
type Row = Readonly<Record<string, SqlValue>>

const CATALOGUE_BUDGET = { maxRows: 100_000, maxBytes: 32 * 1024 * 1024, timeoutMs: 30_000 }

/** Reads the catalogue, which shows a login what it has any right to. */
export async function readSchema(
  execute: Execute,
  schemas: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<DatabaseSchema> {
  const named = schemas === undefined ? null : JSON.stringify(schemas)
  const read = (text: string): Promise<Row[]> => readRows(execute, { text, parameters: [named] }, signal)
  const [tables, columns, keys, foreign] = [
    await read(TABLES),
    await read(COLUMNS),
    await read(KEYS),
    await read(FOREIGN_KEYS),
  ]
  const [columnsOf, keysOf, foreignOf] = [groupByTable(columns), groupByTable(keys), groupByTable(foreign)]
  return { tables: tables.map((row) => toTable(row, { columnsOf, keysOf, foreignOf })) }
}

/** The rows of a statement of ours, by the names of their columns. */
export async function readRows(
  execute: Execute,
  statement: Parameters<Execute>[0],
  signal: AbortSignal,
): Promise<Row[]> {
  const options = { signal, access: 'read', lane: 'cheap', budget: CATALOGUE_BUDGET, identity: NO_IDENTITY } as const
  const { columns, rows } = await execute(statement, options)
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])))
}

const OF_SCHEMAS = `o.type IN ('U', 'V') AND o.is_ms_shipped = 0
  AND (@p1 IS NULL OR SCHEMA_NAME(o.schema_id) COLLATE Latin1_General_100_BIN2
    IN (SELECT value COLLATE Latin1_General_100_BIN2 FROM OPENJSON(@p1)))`

const comment = (column: string): string => `(SELECT CAST(e.value AS nvarchar(3750)) FROM sys.extended_properties e
    WHERE e.class = 1 AND e.name = N'MS_Description' AND e.major_id = o.object_id AND e.minor_id = ${column})`

const TABLES = `SELECT o.object_id AS id, SCHEMA_NAME(o.schema_id) AS [schema], o.name, o.type AS kind,
  ${comment('0')} AS comment,
  (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) AS estimated_rows
FROM sys.objects o WHERE ${OF_SCHEMAS}
ORDER BY SCHEMA_NAME(o.schema_id), o.name`

const COLUMNS = `SELECT o.object_id AS id, c.name, c.is_nullable, c.max_length, c.precision, c.scale,
  COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)) AS base_type, t.name AS type, ${comment('c.column_id')} AS comment
FROM sys.objects o JOIN sys.columns c ON c.object_id = o.object_id JOIN sys.types t ON t.user_type_id = c.user_type_id
WHERE ${OF_SCHEMAS}
ORDER BY o.object_id, c.column_id`

const KEYS = `SELECT o.object_id AS id, i.index_id, i.is_primary_key, c.name, c.is_nullable
FROM sys.objects o JOIN sys.indexes i ON i.object_id = o.object_id AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0
JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.is_included_column = 0
JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE ${OF_SCHEMAS}
ORDER BY o.object_id, i.index_id, k.key_ordinal`

const FOREIGN_KEYS = `SELECT o.object_id AS id, f.object_id AS foreign_key, c.name, SCHEMA_NAME(r.schema_id) AS to_schema, r.name AS to_table,
  rc.name AS to_column
FROM sys.objects o JOIN sys.foreign_keys f ON f.parent_object_id = o.object_id
JOIN sys.foreign_key_columns k ON k.constraint_object_id = f.object_id
JOIN sys.columns c ON c.object_id = k.parent_object_id AND c.column_id = k.parent_column_id
JOIN sys.objects r ON r.object_id = f.referenced_object_id
JOIN sys.columns rc ON rc.object_id = k.referenced_object_id AND rc.column_id = k.referenced_column_id
WHERE ${OF_SCHEMAS}
ORDER BY o.object_id, f.object_id, k.constraint_column_id`

type ByTable = ReadonlyMap<SqlValue, readonly Row[]>

function groupByTable(rows: readonly Row[], by = 'id'): ByTable {
  const groups = new Map<SqlValue, Row[]>()
  for (const row of rows) {
    const id = row[by] ?? null
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [row])
    else group.push(row)
  }
  return groups
}

function toTable(
  row: Row,
  parts: { readonly columnsOf: ByTable; readonly keysOf: ByTable; readonly foreignOf: ByTable },
): Table {
  const id = row.id ?? null
  return {
    schema: String(row.schema),
    name: String(row.name),
    kind: String(row.kind).trim() === 'V' ? 'view' : 'table',
    ...commentOf(row),
    columns: (parts.columnsOf.get(id) ?? []).map(toColumn),
    key: findKey(parts.keysOf.get(id) ?? []),
    foreignKeys: toForeignKeys(parts.foreignOf.get(id) ?? []),
    ...(row.estimated_rows !== null && { estimatedRows: Number(row.estimated_rows) }),
  }
}

const commentOf = ({ comment: text }: Row): { comment?: string } =>
  typeof text === 'string' && text !== '' ? { comment: text } : {}

function toColumn(row: Row): Column {
  const base = String(row.base_type)
  return {
    name: String(row.name),
    type: describeType(row, base),
    family: FAMILIES[base] ?? 'other',
    isNullable: row.is_nullable === true,
    ...commentOf(row),
  }
}

const FAMILIES: Readonly<Record<string, TypeFamily>> = {
  bit: 'boolean',
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'bigint',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'decimal',
  smallmoney: 'decimal',
  real: 'float',
  float: 'float',
  char: 'text',
  varchar: 'text',
  text: 'text',
  nchar: 'text',
  nvarchar: 'text',
  ntext: 'text',
  sysname: 'text',
  xml: 'text',
  uniqueidentifier: 'uuid',
  date: 'date',
  time: 'time',
  datetime: 'timestamp',
  smalldatetime: 'timestamp',
  datetime2: 'timestamp',
  datetimeoffset: 'timestamp',
  binary: 'binary',
  varbinary: 'binary',
  image: 'binary',
  timestamp: 'binary',
  rowversion: 'binary',
}

/** The type behind an alias, as it is written in a statement. */
function describeType({ max_length: length, precision, scale }: Row, base: string): string {
  if (base === 'decimal' || base === 'numeric') return `${base}(${precision},${scale})`
  if (base === 'time' || base === 'datetime2' || base === 'datetimeoffset') return `${base}(${scale})`
  if (!/^n?(var)?(char|binary)$/.test(base)) return base
  if (length === -1) return `${base}(max)`
  return `${base}(${base.startsWith('n') ? Number(length) / 2 : length})`
}

/** The primary key, else the shortest unique key over columns that are never null. */
function findKey(rows: readonly Row[]): readonly string[] {
  const keys = [...groupByTable(rows, 'index_id').values()]
  const primary = keys.find(([first]) => first?.is_primary_key === true)
  const [shortest] = keys
    .filter((key) => key.every(({ is_nullable: isNullable }) => isNullable === false))
    .sort((one, other) => one.length - other.length)
  return (primary ?? shortest ?? []).map(({ name }) => String(name))
}

function toForeignKeys(rows: readonly Row[]): readonly ForeignKey[] {
  return [...groupByTable(rows, 'foreign_key').values()].map((key) => ({
    columns: key.map(({ name }) => String(name)),
    references: {
      schema: String(key[0]?.to_schema),
      table: String(key[0]?.to_table),
      columns: key.map(({ to_column: column }) => String(column)),
    },
  }))
}
