import { Buffer } from 'node:buffer'
import type { Column } from '../sql/database-schema.ts'
import type { Dialect, Mask, SqlParameter } from '../sql/dialect.ts'

/** How MySQL and MariaDB write it, under the `sql_mode` that every session is given. */
export const mysqlDialect: Dialect = {
  name: 'mysql',
  quote,
  placeholder,
  literal,
  select: (expression, { type }) =>
    GEOMETRY.test(type)
      ? `ST_AsText(${expression})`
      : BITS.test(type)
        ? `LPAD(BIN(${expression}), ${bitsOf(type)}, '0')`
        : expression,
  mask: writeMask,
  like: (expression, pattern) =>
    `CONVERT(${expression} USING utf8mb4) COLLATE utf8mb4_bin LIKE ${pattern} ESCAPE '\\\\'`,
  limit: (count, offset) => `LIMIT ${count} OFFSET ${offset}`,
  noOrder: '',
  comparesAsOrdered: ['integer', 'bigint', 'decimal', 'text', 'date'],
  from: ({ schema, name }) => `${quote(schema)}.${quote(name)}`,
  // NULL is smaller than everything here.
  orderBy: (expression, direction) => `${expression} ${direction === 'asc' ? 'ASC' : 'DESC'}`,
}

const GEOMETRY = /^(geometry|point|linestring|polygon|multi|geom)/i
const BITS = /^bit\((?!1\))\d+\)$/i

function bitsOf(type: string): string {
  return /\d+/.exec(type)?.[0] ?? '64'
}

function quote(identifier: string): string {
  if (identifier.includes('\0')) throw new TypeError('A name holds a NUL character.')
  return `\`${identifier.replaceAll('`', '``')}\``
}

/**
 * A text that is compared with a number makes both a double here, so 9007199254740993 would equal its neighbour: exact
 * types get a cast. What is no number of such a type (`NaN`) becomes NULL, where a cast alone would make it 0.
 */
function placeholder(_index: number, column?: Column): string {
  switch (column?.family) {
    case 'integer':
    case 'bigint':
      return 'CAST(? AS DECIMAL(65,0))'
    case 'decimal':
      return `CAST(NULLIF(?, 'NaN') AS DECIMAL(65,30))`
    case 'float':
      return `CAST(NULLIF(NULLIF(NULLIF(NULLIF(?, 'NaN'), 'Infinity'), '+Infinity'), '-Infinity') AS DOUBLE)`
    case 'date':
      return 'CAST(? AS DATE)'
    case 'timestamp':
      return INSTANT
    default:
      return '?'
  }
}

/** ISO 8601 with or without a zone. Sessions are in UTC. */
const INSTANT =
  "(SELECT CAST(IF(CHAR_LENGTH(v) > 16 AND SUBSTR(v, -6, 1) IN ('+', '-'), CONVERT_TZ(LEFT(v, CHAR_LENGTH(v) - 6), RIGHT(v, 6), '+00:00'), TRIM(TRAILING 'Z' FROM v)) AS DATETIME(6)) FROM (SELECT UPPER(?) AS v) AS p)"

/** What is not plain is written in hexadecimal, which means the same under every `sql_mode`. */
function literal(value: SqlParameter): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return String(value)
    throw new TypeError('There are no infinite numbers and no NaN in MySQL.')
  }
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString('hex')}'`
  if (typeof value !== 'string') throw new TypeError('A list is no constant in MySQL.')
  if (value.includes('\0')) throw new TypeError('A text holds a NUL character.')
  if (LONE.test(value)) throw new TypeError('A text is not Unicode.')
  return PLAIN.test(value) ? `'${value}'` : `_utf8mb4 X'${Buffer.from(value, 'utf8').toString('hex')}'`
}

const LONE = /\p{Surrogate}/u
const PLAIN = /^[A-Za-z0-9 .,:;_@/+-]*$/

function writeMask({ kind, key }: Mask, expression: string, { family }: Column): string {
  if (kind === 'null') return 'CAST(NULL AS CHAR)'
  const text = family === 'binary' ? expression : `CONVERT(CAST(${expression} AS CHAR) USING utf8mb4)`
  if (kind === 'hash') return `LEFT(SHA2(CONCAT(${literal(key)}, ${text}), 256), 16)`
  const ends = `IF(CHAR_LENGTH(${text}) <= 6, '***', CONCAT(LEFT(${text}, 2), '***', RIGHT(${text}, 2)))`
  return `IF(${expression} IS NULL, NULL, ${family === 'binary' ? `'***'` : ends})`
}
