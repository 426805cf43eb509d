import type { Column, Table, TypeFamily } from './database-schema.ts'

/** How an engine writes what all of them can do. Pure: text in, text out. */
export interface Dialect {
  readonly name: 'postgres' | 'mysql' | 'mssql' | 'sqlite'
  /** A name as an identifier, whatever characters it holds. Throws for one that cannot be written (NUL). */
  quote(identifier: string): string
  /** The placeholder of the parameter at `index`, from 0 on: `$1`, `?`, `@p1`; with a cast where the engine needs it. */
  placeholder(index: number, column?: Column): string
  /**
   * The value as a constant, for the few places that take no parameters. Safe for every value; throws for one that
   * cannot be written (NUL in a text).
   */
  literal(value: SqlParameter): string
  /** How a column is selected so that its value arrives exactly (a decimal as text, say); `expression` where it needs none. */
  select(expression: string, column: Column): string
  /** What takes the place of a value that a caller may not see as it is; of the type `text`. */
  mask(mask: Mask, expression: string, column: Column): string
  /** Case-sensitive containment of a parameter in a text column: `LIKE` with every wildcard escaped. */
  like(expression: string, placeholder: string): string
  /** The end of a statement that takes `count` rows from `offset` on; it follows ORDER BY. */
  limit(count: number, offset: number): string
  /** What ORDER BY says when no order was asked for and `limit` needs one; empty where it needs none. */
  readonly noOrder: string
  /** How a table is named in FROM. */
  from(table: Table): string
  /** Puts NULL first or last in the same way on every engine: last ascending, first descending. */
  orderBy(expression: string, direction: 'asc' | 'desc', column: Column): string
  /**
   * Families whose values, bound as they were answered, are compared just as they are ordered; pages of tables ordered by
   * them follow the last row. Default: whole numbers.
   */
  readonly comparesAsOrdered?: readonly TypeFamily[]
}

/** What can be bound to a statement. */
export type SqlParameter = string | number | bigint | boolean | null | Uint8Array | readonly SqlParameter[]

/** How a value is masked: by SHA-256 over key and value for `hash`, cut to 16 hex digits. */
export interface Mask {
  readonly kind: ColumnMask
  readonly key: string
}

/** How a column is shown: `hash` tells equal values apart from others, `partial` shows the ends, `null` shows nothing. */
export type ColumnMask = 'hash' | 'partial' | 'null'
