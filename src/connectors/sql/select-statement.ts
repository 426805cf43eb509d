import type { Column } from './database-schema.ts'
import type { Dialect, SqlParameter } from './dialect.ts'
import type { CallerView, RowCondition, ViewColumn } from './view-table.ts'

/** Collects what is bound to a statement while its text is written. */
export class Parameters {
  readonly values: SqlParameter[] = []
  readonly #dialect: Dialect

  constructor(dialect: Dialect) {
    this.#dialect = dialect
  }

  /** Binds a value and answers its placeholder. */
  bind(value: SqlParameter, column?: Column): string {
    this.values.push(value)
    return this.#dialect.placeholder(this.values.length - 1, column)
  }
}

/** What a caller may see of the rows, with everything bound; undefined when it is all of them. */
export function writeRowRule(dialect: Dialect, view: CallerView, parameters: Parameters): string | undefined {
  return writeRows(dialect, view.rows, (value, column) => parameters.bind(value, column))
}

/** The same with the values as constants, for text that takes no parameters. */
export function writeRowRuleLiteral(dialect: Dialect, view: CallerView): string | undefined {
  return writeRows(dialect, view.rows, (value) => dialect.literal(value))
}

function writeRows(
  dialect: Dialect,
  rows: CallerView['rows'],
  write: (value: SqlParameter, column: Column) => string,
): string | undefined {
  if (rows === 'all') return undefined
  const one = (condition: RowCondition): string =>
    `(${condition.map(({ column, value }) => `${dialect.quote(column.name)} = ${write(value, column)}`).join(' AND ')})`
  return `(${rows.map(one).join(' OR ')})`
}

/** How a column of a view is selected: as it is, exactly, or masked; under its own name. */
export function writeColumn(dialect: Dialect, { column, mask }: ViewColumn): string {
  const name = dialect.quote(column.name)
  const expression = mask === undefined ? dialect.select(name, column) : dialect.mask(mask, name, column)
  return expression === name ? name : `${expression} AS ${name}`
}

/** Joins what is there with AND, as a WHERE clause; empty when nothing is. */
export function writeWhere(conditions: readonly (string | undefined)[]): string {
  const there = conditions.filter((condition) => condition !== undefined)
  return there.length === 0 ? '' : ` WHERE ${there.join(' AND ')}`
}
