import { hash } from 'node:crypto'
import type { SqlResult, SqlValue } from '../sql/database.ts'
import type { Column, Table } from '../sql/database-schema.ts'
import type { Dialect, Mask, SqlParameter } from '../sql/dialect.ts'

/** The dialect, and what finishes the masks that the engine has no function for. */
export interface SqliteDialect extends Dialect {
  finishMasks(result: SqlResult): SqlResult
}

/** SQLite. It has no SHA-256: a masked value leaves it behind `marker`, which nobody can guess, and is hashed here. */
export function createSqliteDialect(marker: string): SqliteDialect {
  const keys = new Set<string>()
  const finish = (value: SqlValue): SqlValue => {
    if (typeof value !== 'string' || !value.startsWith(marker)) return value
    const [key = ''] = keys
    return hash('sha256', `${key}${value.slice(marker.length)}`, 'hex').slice(0, 16)
  }
  return {
    name: 'sqlite',
    noOrder: '',
    quote,
    placeholder: () => '?',
    literal,
    select: (expression) => expression,
    mask(mask, expression) {
      keys.add(mask.key)
      return writeMask(mask, expression, marker)
    },
    like: (expression, placeholder) => `${expression} LIKE ${placeholder} ESCAPE '\\'`,
    limit: (count, offset) => `LIMIT ${count} OFFSET ${offset}`,
    from: ({ name }: Table) => quote(name),
    orderBy: (expression, direction, { isNullable }: Column) => {
      const nulls = direction === 'asc' ? ' NULLS LAST' : ' NULLS FIRST'
      return `${expression} ${direction.toUpperCase()}${isNullable ? nulls : ''}`
    },
    finishMasks: (result) =>
      keys.size === 0 ? result : { ...result, rows: result.rows.map((row) => row.map(finish)) },
  }
}

function quote(identifier: string): string {
  if (identifier.includes('\0')) throw new Error('An identifier cannot hold a NUL character.')
  return `"${identifier.replaceAll('"', '""')}"`
}

function literal(value: SqlParameter): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.includes('\0')) throw new Error('A text cannot hold a NUL character here.')
  return `'${text.replaceAll("'", "''")}'`
}

function writeMask({ kind }: Mask, expression: string, marker: string): string {
  const text = `CAST(${expression} AS TEXT)`
  switch (kind) {
    case 'null':
      return 'NULL'
    case 'hash':
      return `'${marker}' || ${text}`
    case 'partial':
      return `CASE WHEN length(${text}) <= 6 THEN '***' ELSE substr(${text}, 1, 2) || '***' || substr(${text}, -2) END`
  }
}
