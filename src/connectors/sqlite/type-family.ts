import type { TypeFamily } from '../sql/database-schema.ts'

/** What a declared type stands for (https://sqlite.org/datatype3.html, 3.1, refined by the names that people use). */
export function familyOf(declared: string): TypeFamily {
  const type = declared.toUpperCase()
  const found = FAMILIES.find(([word]) => type.includes(word))
  return found?.[1] ?? (type === '' ? 'other' : 'decimal')
}

const FAMILIES: readonly (readonly [string, TypeFamily])[] = [
  ['BOOL', 'boolean'],
  ['BIGINT', 'bigint'],
  ['INT', 'integer'],
  ['JSON', 'json'],
  ['UUID', 'uuid'],
  ['CHAR', 'text'],
  ['CLOB', 'text'],
  ['TEXT', 'text'],
  ['BLOB', 'binary'],
  ['REAL', 'float'],
  ['FLOA', 'float'],
  ['DOUB', 'float'],
  ['TIMESTAMP', 'timestamp'],
  ['DATETIME', 'timestamp'],
  ['DATE', 'date'],
  ['TIME', 'time'],
  ['ANY', 'other'],
]
