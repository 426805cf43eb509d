import { UserError } from '../../errors.ts'
import type { Statement } from './database.ts'
import type { Dialect } from './dialect.ts'
import { comparable, type Filter, findColumn, writeFilters } from './filter.ts'
import { type OrderPart, writeAfter } from './keyset.ts'
import { Parameters, writeColumn, writeRowRule, writeWhere } from './select-statement.ts'
import type { CallerView, ViewColumn } from './view-table.ts'

/** What rows are asked for. */
export interface FindQuestion {
  /** Names; all columns when there are none. */
  readonly columns?: readonly string[]
  readonly filters?: readonly Filter[]
  readonly order?: readonly { readonly column: string; readonly direction?: 'asc' | 'desc' }[]
  readonly limit: number
  readonly offset: number
  /** Begins behind the row with these values of the order; the offset counts from there. */
  readonly after?: readonly (string | number)[]
}

const MAX_ORDER = 8

/** The statement that finds rows, within what the caller may see. Throws `UserError` for a question that does not fit. */
export function writeFind(dialect: Dialect, view: CallerView, question: FindQuestion): Statement {
  const parameters = new Parameters(dialect)
  const columns = shownColumns(view, question)
  if (columns.length === 0) throw new UserError(`You may see no column of ${view.exposed.name}.`)
  const where = writeWhere([
    writeRowRule(dialect, view, parameters),
    ...writeFilters(question.filters ?? [], { dialect, view, parameters }),
    question.after && writeAfter({ dialect, view, order: orderOf(view, question) }, question.after, parameters),
  ])
  const list = columns.map((column) => writeColumn(dialect, column)).join(', ')
  const order = writeOrder(dialect, view, question)
  const limit = dialect.limit(question.limit, question.offset)
  const text = `SELECT ${list} FROM ${dialect.from(view.exposed.table)}${where}${order} ${limit}`
  return { text, parameters: parameters.values }
}

/** Columns of the answer, in order. */
export function shownColumns(view: CallerView, { columns }: Pick<FindQuestion, 'columns'>): readonly ViewColumn[] {
  return columns?.length ? columns.map((name) => findColumn(view, name)) : view.columns
}

/** The statement that counts them. */
export function writeCount(dialect: Dialect, view: CallerView, filters: readonly Filter[]): Statement {
  const parameters = new Parameters(dialect)
  const where = writeWhere([
    writeRowRule(dialect, view, parameters),
    ...writeFilters(filters, { dialect, view, parameters }),
  ])
  const text = `SELECT count(*) AS ${dialect.quote('count')} FROM ${dialect.from(view.exposed.table)}${where}`
  return { text, parameters: parameters.values }
}

function writeOrder(dialect: Dialect, view: CallerView, question: FindQuestion): string {
  const parts = orderOf(view, question)
  if (parts.length === 0) return dialect.noOrder === '' ? '' : ` ORDER BY ${dialect.noOrder}`
  const written = parts.map(({ column, direction }) => dialect.orderBy(dialect.quote(column.name), direction, column))
  return ` ORDER BY ${written.join(', ')}`
}

/** The order that was asked for, then the key: a page must begin where the one before it ended. */
export function orderOf(view: CallerView, { order = [] }: Pick<FindQuestion, 'order'>): readonly OrderPart[] {
  if (order.length > MAX_ORDER) throw new UserError(`At most ${MAX_ORDER} columns can be ordered by.`)
  const asked = order.map(({ column, direction = 'asc' }) => ({
    column: comparable(view, column, 'ordered').column,
    direction,
  }))
  const names = new Set(asked.map(({ column }) => column.name))
  const key = keyColumns(view).filter(({ column }) => !names.has(column.name))
  return [...asked, ...key.map(({ column }) => ({ column, direction: 'asc' as const }))]
}

/** The order of a hidden or masked key would tell what it holds, so then there is none. */
function keyColumns(view: CallerView): readonly ViewColumn[] {
  const { key } = view.exposed.table
  const columns = view.columns.filter(({ column, mask }) => mask === undefined && key.includes(column.name))
  return columns.length === key.length ? columns : []
}
