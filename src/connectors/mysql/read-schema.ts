import type { SqlValue } from '../sql/database.ts'
import type { Column, DatabaseSchema, ForeignKey, Table, TypeFamily } from '../sql/database-schema.ts'
import type { Ask, MysqlServer } from './mysql-database.ts'
import { mysqlDialect } from './mysql-dialect.ts'

type Rows = readonly (readonly SqlValue[])[]

/** Databases of the server itself. */
export const SYSTEM_DATABASES: readonly string[] = ['information_schema', 'performance_schema', 'mysql', 'sys']

/** What the login can see of the named databases, or of all but those of the server itself. */
export async function readSchema(
  ask: Ask,
  server: MysqlServer,
  schemas: readonly string[] | undefined,
): Promise<DatabaseSchema> {
  const where = (column: string): string => writeWhere(column, schemas)
  const tables = await ask(
    `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, TABLE_COMMENT, TABLE_ROWS FROM information_schema.TABLES WHERE ${where('TABLE_SCHEMA')} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW') ORDER BY 1, 2`,
  )
  const columns = await ask(
    `SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE ${where('TABLE_SCHEMA')} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`,
  )
  const unique = await ask(
    `SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, NULLABLE, SUB_PART FROM information_schema.STATISTICS WHERE ${where('TABLE_SCHEMA')} AND NON_UNIQUE = 0 ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
  )
  const foreign = await ask(
    `SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE ${where('TABLE_SCHEMA')} AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
  )
  const json = await readJsonColumns(ask, server, where('CONSTRAINT_SCHEMA'))
  return assemble({ tables, columns: byTable(columns), unique: byTable(unique), foreign: byTable(foreign), json })
}

function writeWhere(column: string, schemas: readonly string[] | undefined): string {
  const list = (names: readonly string[]): string => names.map((name) => mysqlDialect.literal(name)).join(', ')
  if (schemas === undefined) return `${column} NOT IN (${list(SYSTEM_DATABASES)})`
  return schemas.length === 0 ? '1 = 0' : `${column} IN (${list(schemas)})`
}

/** MariaDB has no type for JSON: a column declared so is a text with a check. Answers `database\0table\0column`. */
async function readJsonColumns(ask: Ask, { isMariaDb }: MysqlServer, where: string): Promise<ReadonlySet<string>> {
  if (!isMariaDb) return new Set()
  const checks = await ask(
    `SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE ${where} AND CHECK_CLAUSE LIKE 'json_valid(%'`,
  )
  return new Set(
    checks.flatMap(([schema, table, clause]) => {
      const column = /^json_valid\(`(.+)`\)$/.exec(String(clause))?.[1]
      return column === undefined ? [] : [idOf(schema, table, column.replaceAll('``', '`'))]
    }),
  )
}

function idOf(...parts: readonly (SqlValue | undefined)[]): string {
  return parts.join('\0')
}

function byTable(rows: Rows): ReadonlyMap<string, Rows> {
  return groupRows(rows, ([schema, table]) => idOf(schema, table))
}

interface Catalogue {
  readonly tables: Rows
  readonly columns: ReadonlyMap<string, Rows>
  readonly unique: ReadonlyMap<string, Rows>
  readonly foreign: ReadonlyMap<string, Rows>
  readonly json: ReadonlySet<string>
}

function assemble({ tables, columns, unique, foreign, json }: Catalogue): DatabaseSchema {
  return {
    tables: tables.map(([schema, name, type, comment, rows]) => {
      const id = idOf(schema, name)
      // The comment of a view is the word VIEW.
      const told = type === 'VIEW' ? '' : String(comment ?? '')
      return {
        schema: String(schema),
        name: String(name),
        kind: type === 'VIEW' ? 'view' : 'table',
        ...(told === '' ? {} : { comment: told }),
        columns: (columns.get(id) ?? []).map((row) => toColumn(row, json)),
        key: keyOf(unique.get(id) ?? []),
        foreignKeys: foreignKeysOf(foreign.get(id) ?? []),
        ...(rows === null || rows === undefined || type === 'VIEW' ? {} : { estimatedRows: Number(rows) }),
      } satisfies Table
    }),
  }
}

function toColumn(
  [schema, table, name, type, nullable, comment]: readonly SqlValue[],
  json: ReadonlySet<string>,
): Column {
  const isJson = json.has(idOf(schema, table, name))
  const written = isJson ? 'json' : String(type)
  const values = /^enum\(/.test(written) ? enumValues(written) : undefined
  return {
    name: String(name),
    type: written,
    family: familyOf(written),
    isNullable: nullable === 'YES',
    ...(comment === '' || comment === null ? {} : { comment: String(comment) }),
    ...(values === undefined ? {} : { values }),
  }
}

function enumValues(type: string): readonly string[] {
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, value = '']) => value.replaceAll("''", "'"))
}

const FAMILIES: readonly (readonly [RegExp, TypeFamily])[] = [
  [/^(tinyint\(1\)$|bit\(1\))/, 'boolean'],
  [/^(tinyint|smallint|mediumint|int|year)/, 'integer'],
  [/^bigint/, 'bigint'],
  [/^decimal/, 'decimal'],
  [/^(float|double)/, 'float'],
  [/^(char|varchar|tinytext|text|mediumtext|longtext)/, 'text'],
  [/^(binary|varbinary|tinyblob|blob|mediumblob|longblob)/, 'binary'],
  [/^enum/, 'enum'],
  [/^uuid/, 'uuid'],
  [/^date$/, 'date'],
  [/^time(\(|$)/, 'time'],
  [/^(datetime|timestamp)/, 'timestamp'],
  [/^json/, 'json'],
]

/** What a type is, by the way in which the catalogue writes it. */
function familyOf(type: string): TypeFamily {
  return FAMILIES.find(([pattern]) => pattern.test(type))?.[1] ?? 'other'
}

/** The primary key, or the shortest unique one over whole columns that are never NULL. */
function keyOf(rows: Rows): readonly string[] {
  const indexes = [...groupRows(rows, ([, , index]) => String(index))]
  const primary = indexes.find(([name]) => name === 'PRIMARY')
  const whole = indexes.filter(([, parts]) =>
    parts.every(([, , , column, nullable, part]) => column !== null && nullable !== 'YES' && part === null),
  )
  const shortest = whole.toSorted(([, one], [, other]) => one.length - other.length)[0]
  return ((primary ?? shortest)?.[1] ?? []).map(([, , , column]) => String(column))
}

function foreignKeysOf(rows: Rows): readonly ForeignKey[] {
  return [...groupRows(rows, ([, , constraint]) => String(constraint)).values()].map((parts) => ({
    columns: parts.map(([, , , column]) => String(column)),
    references: {
      schema: String(parts[0]?.[4]),
      table: String(parts[0]?.[5]),
      columns: parts.map((part) => String(part[6])),
    },
  }))
}

/** Rows by what is read of them; in their order. */
function groupRows(rows: Rows, toKey: (row: readonly SqlValue[]) => string): ReadonlyMap<string, Rows> {
  const groups = new Map<string, (readonly SqlValue[])[]>()
  for (const row of rows) {
    const key = toKey(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}
