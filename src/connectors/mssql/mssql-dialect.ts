import type { Column } from '../sql/database-schema.ts'
import type { Dialect, Mask, SqlParameter } from '../sql/dialect.ts'

/** T-SQL as SQL Server 2016 and later understand it. */
export const mssqlDialect: Dialect = {
  name: 'mssql',
  quote: quoteIdentifier,
  placeholder: (index, column) => castTo(`@p${index + 1}`, column),
  literal: writeLiteral,
  select: selectColumn,
  mask: maskColumn,
  like: (expression, pattern) => `${expression} COLLATE ${BINARY} LIKE ${pattern} ESCAPE N'\\'`,
  limit: (count, offset) => `OFFSET ${wholeNumber(offset)} ROWS FETCH NEXT ${wholeNumber(count)} ROWS ONLY`,
  noOrder: '(SELECT NULL)',
  from: ({ schema, name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
  // NULL is the smallest value here.
  orderBy: (expression, direction) =>
    direction === 'asc'
      ? `CASE WHEN ${expression} IS NULL THEN 1 ELSE 0 END, ${expression} ASC`
      : `CASE WHEN ${expression} IS NULL THEN 0 ELSE 1 END, ${expression} DESC`,
}

/** Compares code unit by code unit, with nothing equal but what is the same. */
const BINARY = 'Latin1_General_100_BIN2'

function quoteIdentifier(identifier: string): string {
  refuseNul(identifier)
  return `[${identifier.replaceAll(']', ']]')}]`
}

function writeLiteral(value: SqlParameter): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return `CAST(${value ? 1 : 0} AS bit)`
  if (typeof value === 'bigint') return `CAST(${value} AS decimal(38,0))`
  if (typeof value === 'number') return writeNumber(value)
  if (typeof value === 'string') return writeText(value)
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`
  throw new Error('A list cannot be written as a constant.')
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error('A number that is not finite cannot be written as a constant.')
  return Number.isSafeInteger(value) ? String(value) : `CAST(${value.toExponential()} AS float)`
}

/**
 * A backslash before the end of a line takes both out of a constant ("line continuation"), so a constant with one is put
 * together of two.
 */
function writeText(text: string): string {
  refuseNul(text)
  const parts = text.replaceAll("'", "''").split(/(?<=\\)(?=[\r\n])/)
  const constants = parts.map((part) => `N'${part}'`)
  return constants.length === 1 ? String(constants[0]) : `(${constants.join(' + ')})`
}

function refuseNul(text: string): void {
  if (text.includes('\0')) throw new Error('A text with NUL cannot be written.')
}

function wholeNumber(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('A count of rows is a whole number.')
  return value
}

/**
 * Exact and dated values are bound as text and become values in the engine. A text column gets no cast: to `varchar` it
 * would turn characters into ones that look like them, and two tenants could be the same one.
 */
function castTo(placeholder: string, column: Column | undefined): string {
  if (column === undefined) return placeholder
  switch (column.family) {
    case 'decimal':
      return `CAST(${placeholder} AS ${roomyDecimal(column.type)})`
    case 'bigint':
      return `CAST(${placeholder} AS bigint)`
    case 'date':
    case 'time':
    case 'uuid':
      return `CAST(${placeholder} AS ${column.type})`
    case 'timestamp':
      // The old types read fewer forms and fewer decimals than the new one.
      return /^(small)?datetime$/.test(column.type)
        ? `CAST(CAST(${placeholder} AS datetime2(7)) AS ${column.type})`
        : `CAST(${placeholder} AS ${column.type})`
    default:
      return placeholder
  }
}

const MAX_DIGITS = 38
const MORE_DECIMALS = 10

/** With more decimals than the column has: `0.005` compared with a `decimal(12,2)` must not become `0.01`. */
function roomyDecimal(type: string): string {
  const [, precision, scale] = /\((\d+),\s*(\d+)\)/.exec(type) ?? []
  if (precision === undefined) return `decimal(${MAX_DIGITS},${4 + MORE_DECIMALS})`
  const whole = Number(precision) - Number(scale)
  return `decimal(${MAX_DIGITS},${Math.min(MAX_DIGITS - whole, Number(scale) + MORE_DECIMALS)})`
}

/** What the driver cannot read, or the engine cannot cut at the budget, is made text by the engine. */
function selectColumn(expression: string, { type }: Column): string {
  if (/^(geography|geometry|hierarchyid)$/.test(type)) return `${expression}.ToString()`
  if (type === 'xml') return `CAST(${expression} AS nvarchar(max))`
  if (type === 'sql_variant') return `CAST(${expression} AS nvarchar(4000))`
  return expression
}

function maskColumn({ kind, key }: Mask, expression: string, column: Column): string {
  if (kind === 'null') return 'CAST(NULL AS nvarchar(1))'
  const text = toText(expression, column)
  if (kind === 'hash') {
    return `LOWER(LEFT(CONVERT(varchar(64), HASHBYTES('SHA2_256', ${writeText(key)} + ${text}), 2), 16))`
  }
  if (column.family === 'binary') return `CASE WHEN ${expression} IS NULL THEN NULL ELSE N'***' END`
  const ends = `LEFT(${text}, 2) + N'***' + RIGHT(${text}, 2)`
  return `CASE WHEN ${text} IS NULL THEN NULL WHEN LEN(${text}) <= 6 THEN N'***' ELSE ${ends} END`
}

function toText(expression: string, column: Column): string {
  switch (column.family) {
    case 'binary':
      return `CONVERT(nvarchar(max), CAST(${expression} AS varbinary(max)), 2)`
    case 'float':
      return `CONVERT(nvarchar(max), ${expression}, 3)`
    case 'date':
    case 'time':
    case 'timestamp':
      return `CONVERT(nvarchar(max), ${expression}, 126)`
    default:
      return `CONVERT(nvarchar(max), ${selectColumn(expression, column)})`
  }
}
