import { UserError } from '../../errors.ts'
import type { SqlValue } from './database.ts'
import type { Column, TypeFamily } from './database-schema.ts'
import type { Dialect } from './dialect.ts'
import { toParameter } from './filter.ts'
import type { Parameters } from './select-statement.ts'
import type { CallerView, ViewColumn } from './view-table.ts'

/** A column that rows are ordered by. */
export interface OrderPart {
  readonly column: Column
  readonly direction: 'asc' | 'desc'
}

/** A table as a caller sees it, in an order. */
export interface OrderedView {
  readonly dialect: Dialect
  readonly view: CallerView
  readonly order: readonly OrderPart[]
}

/** What every engine compares with a parameter just as it orders it. */
const EVERYWHERE: readonly TypeFamily[] = ['integer', 'bigint']

/** A longer one would be more of a cursor than clients like to carry. */
const MAX_LENGTH = 1_000

/**
 * The values of the order in the last row of a page, behind which the next page begins whatever is inserted or removed
 * meanwhile; undefined where the order does not tell every row from every other, or a value cannot be told exactly.
 */
export function lastKey(
  { dialect, view, order }: OrderedView,
  columns: readonly ViewColumn[],
  row: readonly SqlValue[] | undefined,
): readonly (string | number)[] | undefined {
  if (row === undefined || !isTotal({ dialect, view, order })) return undefined
  const places = order.map(({ column }) => columns.findIndex((shown) => shown.column.name === column.name))
  const values = places.map((place) => row[place])
  const isTold = order.every(({ column }, at) => fits(values[at], column))
  return isTold && JSON.stringify(values).length <= MAX_LENGTH ? (values as readonly (string | number)[]) : undefined
}

/**
 * Rows behind one with these values, as a condition. Throws `UserError` where the order has no such place, as it is when a
 * column of it has been masked meanwhile.
 */
export function writeAfter(
  { dialect, view, order }: OrderedView,
  values: readonly (string | number)[],
  parameters: Parameters,
): string {
  if (values.length !== order.length || !isTotal({ dialect, view, order })) {
    throw new UserError('The cursor leads nowhere any more. Ask for the first page again.')
  }
  const compare = (at: number, operator: string): string => {
    const { column } = order[at] as OrderPart
    return `${dialect.quote(column.name)} ${operator} ${parameters.bind(toParameter(values[at] ?? '', column), column)}`
  }
  const alternatives = order.map(({ direction }, at) => {
    const same = order.slice(0, at).map((_, before) => compare(before, '='))
    return `(${[...same, compare(at, direction === 'asc' ? '>' : '<')].join(' AND ')})`
  })
  return `(${alternatives.join(' OR ')})`
}

/** Whether no two rows are in the same place, none is NULL there, and the engine compares as it orders. */
function isTotal({ dialect, view, order }: OrderedView): boolean {
  const { key } = view.exposed.table
  const names = new Set(order.map(({ column }) => column.name))
  const families = dialect.comparesAsOrdered ?? EVERYWHERE
  return (
    key.length > 0 &&
    key.every((name) => names.has(name)) &&
    order.every(({ column }) => !column.isNullable && families.includes(column.family))
  )
}

function fits(value: SqlValue | undefined, column: Column): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false
  try {
    toParameter(value, column)
    return true
  } catch {
    return false
  }
}
