/** What a database holds, as its catalogue tells. */
export interface DatabaseSchema {
  readonly tables: readonly Table[]
}

/** A table or view. */
export interface Table {
  /** Empty where the engine has no schemas (SQLite). */
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view'
  readonly comment?: string
  readonly columns: readonly Column[]
  /** Names of the columns of the primary key, or of the shortest unique key over columns that are never null; in order. */
  readonly key: readonly string[]
  readonly foreignKeys: readonly ForeignKey[]
  /** How many rows the engine believes it has; absent when it has no idea. */
  readonly estimatedRows?: number
}

export interface Column {
  readonly name: string
  /** As the engine writes it: `numeric(12,2)`, `varchar(40)`, `my_enum[]`. */
  readonly type: string
  readonly family: TypeFamily
  readonly isNullable: boolean
  readonly comment?: string
  /** The values it can have, if it is an enumeration. */
  readonly values?: readonly string[]
}

/**
 * What can be done with values of a type, and how they are written as JSON: `integer` and `float` as numbers; `bigint`
 * and `decimal` as strings, exact; `boolean`; `text`, `enum`, `uuid`; `date`, `time`, `timestamp` as ISO 8601 strings, with
 * their zone where they have one; `binary` as base64; `json` as JSON; `array` as an array; `other` as the engine's text.
 */
export type TypeFamily =
  | 'integer'
  | 'bigint'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'text'
  | 'enum'
  | 'uuid'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'binary'
  | 'json'
  | 'array'
  | 'other'

export interface ForeignKey {
  readonly columns: readonly string[]
  readonly references: { readonly schema: string; readonly table: string; readonly columns: readonly string[] }
}

/** `schema.table`, or the name alone where there are no schemas. */
export function qualifiedName({ schema, name }: Pick<Table, 'schema' | 'name'>): string {
  return schema === '' ? name : `${schema}.${name}`
}
