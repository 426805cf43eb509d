import type { Column } from '../sql/database-schema.ts'
import type { Dialect, Mask, SqlParameter } from '../sql/dialect.ts'

/** SQL as PostgreSQL 12 and later understand it, with `standard_conforming_strings` on. */
export const postgresDialect: Dialect = {
  name: 'postgres',
  quote: quoteIdentifier,
  // The server infers the type from what the parameter is compared with, and loses nothing by it.
  placeholder: (index) => `$${index + 1}`,
  literal: writeLiteral,
  select: (expression) => expression,
  mask: maskColumn,
  like: (expression, placeholder) => `${expression} LIKE ${placeholder} ESCAPE '\\'`,
  limit: (count, offset) => `LIMIT ${wholeNumber(count)} OFFSET ${wholeNumber(offset)}`,
  noOrder: '',
  comparesAsOrdered: ['integer', 'bigint', 'decimal', 'text', 'uuid', 'date', 'timestamp'],
  from: ({ schema, name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
  // NULL is the largest value here; saying so would keep indexes from being used.
  orderBy: (expression, direction) => `${expression} ${direction === 'asc' ? 'ASC' : 'DESC'}`,
}

/** A name as an identifier. Throws for one with NUL. */
export function quoteIdentifier(identifier: string): string {
  refuseNul(identifier)
  return `"${identifier.replaceAll('"', '""')}"`
}

function writeLiteral(value: SqlParameter): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'bigint') return value < 0n ? `(${value})` : String(value)
  if (typeof value === 'number') return writeNumber(value)
  if (typeof value === 'string') return quoteText(value)
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString('hex')}'::pg_catalog.bytea`
  return value.length === 0 ? `'{}'` : `ARRAY[${value.map(writeLiteral).join(', ')}]`
}

/** A text as a constant. Throws for one with NUL. */
export function quoteText(text: string): string {
  refuseNul(text)
  return `'${text.replaceAll("'", "''")}'`
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error('A number that is not finite cannot be written as a constant.')
  if (!Number.isSafeInteger(value)) return `'${value}'::pg_catalog.float8`
  return value < 0 ? `(${value})` : value.toFixed(0)
}

function refuseNul(text: string): void {
  if (text.includes('\0')) throw new Error('A text with NUL cannot be written.')
}

function wholeNumber(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('A count of rows is a whole number.')
  return value
}

function maskColumn({ kind, key }: Mask, expression: string, _column: Column): string {
  if (kind === 'null') return 'NULL::pg_catalog.text'
  const text = `${expression}::pg_catalog.text`
  if (kind === 'hash') {
    const bytes = `pg_catalog.convert_to(${quoteText(key)} || ${text}, 'UTF8')`
    return `pg_catalog."left"(pg_catalog.encode(pg_catalog.sha256(${bytes}), 'hex'), 16)`
  }
  const ends = `pg_catalog."left"(${text}, 2) || '***' || pg_catalog."right"(${text}, 2)`
  return `CASE WHEN pg_catalog.length(${text}) <= 6 THEN '***' ELSE ${ends} END`
}
