import { UserError } from '../../errors.ts'
import { nearestSpelling } from '../../nearest-spelling.ts'
import type { TypeFamily } from './database-schema.ts'
import type { Dialect, SqlParameter } from './dialect.ts'
import type { Parameters } from './select-statement.ts'
import type { CallerView, ViewColumn } from './view-table.ts'

/** What a row must fulfil: a comparison of a column, or alternatives of which one suffices. */
export type Filter = Comparison | { readonly anyOf: readonly Filter[] }

export interface Comparison {
  readonly column: string
  readonly op: FilterOp
  readonly value?: FilterValue | readonly FilterValue[]
}

export type FilterValue = string | number | boolean

export const FILTER_OPS = [
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  'contains',
  'is null',
  'is not null',
] as const

export type FilterOp = (typeof FILTER_OPS)[number]

/** Comparisons, and alternatives one in another, that a call may hold. */
export const MAX_FILTERS = 50
const MAX_VALUES = 1000
const MAX_DEPTH = 4

const COMPARISONS: Readonly<Partial<Record<FilterOp, string>>> = {
  '=': '=',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

/** Families of which one value is less than another in a way that people expect. */
const ORDERED: readonly TypeFamily[] = [
  'integer',
  'bigint',
  'decimal',
  'float',
  'text',
  'enum',
  'date',
  'time',
  'timestamp',
  'uuid',
  'boolean',
]

interface Writing {
  readonly dialect: Dialect
  readonly view: CallerView
  readonly parameters: Parameters
}

/** The filters as conditions, everything bound. Throws `UserError` for what does not fit the columns. */
export function writeFilters(filters: readonly Filter[], writing: Writing): readonly string[] {
  if (countFilters(filters, 0) > MAX_FILTERS) throw new UserError(`At most ${MAX_FILTERS} filters are allowed.`)
  return filters.map((filter) => writeFilter(filter, writing))
}

function countFilters(filters: readonly Filter[], depth: number): number {
  if (depth > MAX_DEPTH) throw new UserError(`anyOf may be nested ${MAX_DEPTH} deep.`)
  return filters.reduce((sum, filter) => sum + ('anyOf' in filter ? countFilters(filter.anyOf, depth + 1) : 1), 0)
}

function writeFilter(filter: Filter, writing: Writing): string {
  if ('anyOf' in filter) {
    if (filter.anyOf.length === 0) throw new UserError('anyOf needs at least one filter.')
    return `(${filter.anyOf.map((part) => writeFilter(part, writing)).join(' OR ')})`
  }
  const { column } = comparable(writing.view, filter.column, 'filtered')
  const name = writing.dialect.quote(column.name)
  const { op, value } = filter
  if (op === 'is null') return `${name} IS NULL`
  if (op === 'is not null') return `${name} IS NOT NULL`
  if (op === 'in' || op === 'not in') return writeList(filter, { ...writing, name, column })
  if (value === undefined || typeof value === 'object')
    throw new UserError(`The filter on ${column.name} with ${op} needs one value.`)
  if (op === 'contains') return writeContains(String(value), { ...writing, name, column })
  if (!ORDERED.includes(column.family)) {
    throw new UserError(
      `${column.name} is of type ${column.type}, which can only be tested with is null and is not null.`,
    )
  }
  return `${name} ${COMPARISONS[op]} ${writing.parameters.bind(toParameter(value, column), column)}`
}

interface WritingColumn extends Writing, Pick<ViewColumn, 'column'> {
  readonly name: string
}

function writeList({ op, value }: Comparison, { name, column, parameters }: WritingColumn): string {
  if (!Array.isArray(value)) throw new UserError(`The filter on ${column.name} with ${op} needs a list of values.`)
  if (value.length > MAX_VALUES) throw new UserError(`A list may hold ${MAX_VALUES} values.`)
  if (!ORDERED.includes(column.family))
    throw new UserError(`${column.name} is of type ${column.type}, which cannot be compared.`)
  // Engines refuse an empty list.
  if (value.length === 0) return op === 'in' ? '1 = 0' : '1 = 1'
  const bound = value.map((item: FilterValue) => parameters.bind(toParameter(item, column), column))
  return `${name} ${op === 'in' ? 'IN' : 'NOT IN'} (${bound.join(', ')})`
}

function writeContains(text: string, { name, column, dialect, parameters }: WritingColumn): string {
  if (column.family === 'text') return dialect.like(name, parameters.bind(escapeLike(text)))
  throw new UserError(`${column.name} is of type ${column.type}; contains is for text.`)
}

/** The pattern for LIKE with `\` as its escape character; `[` is special to SQL Server. */
function escapeLike(text: string): string {
  return `%${text.replaceAll(/[\\%_[]/g, '\\$&')}%`
}

/** A column that exists for the caller and of which comparing would tell nothing that the caller may not see. */
export function comparable(view: CallerView, name: string, what: 'filtered' | 'ordered'): ViewColumn {
  const found = findColumn(view, name)
  if (found.mask === undefined) return found
  throw new UserError(`${name} is masked, so it cannot be ${what === 'filtered' ? 'used in a filter' : 'ordered by'}.`)
}

/** A column by its name; throws `UserError` with the nearest one. A hidden column is answered like one that is not there. */
export function findColumn(view: CallerView, name: string): ViewColumn {
  const found = view.columns.find(({ column }) => column.name === name)
  if (found !== undefined) return found
  const names = view.columns.map(({ column }) => column.name)
  const nearest = nearestSpelling(name, names)
  const hint = nearest === undefined ? `Its columns: ${names.slice(0, 50).join(', ')}.` : `Did you mean ${nearest}?`
  throw new UserError(`${view.exposed.name} has no column ${JSON.stringify(name.slice(0, 128))}. ${hint}`)
}

const EXPECTED: Readonly<Partial<Record<TypeFamily, { readonly test: RegExp; readonly example: string }>>> = {
  integer: { test: /^[+-]?\d{1,20}$/, example: 'a whole number' },
  bigint: { test: /^[+-]?\d{1,20}$/, example: 'a whole number' },
  decimal: { test: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$|^NaN$/i, example: 'a number' },
  float: { test: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$|^NaN$|^[+-]?Infinity$/i, example: 'a number' },
  date: { test: /^\d{4,6}-\d{2}-\d{2}$/, example: 'a date such as 2026-01-31' },
  time: { test: /^\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?$/, example: 'a time such as 13:45:00' },
  timestamp: {
    test: /^\d{4,6}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?$/i,
    example: 'a time such as 2026-01-31T13:45:00Z',
  },
  uuid: { test: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, example: 'a UUID' },
}

/** The value as the column takes it. Throws `UserError`, so that no engine has to say it with its own words. */
export function toParameter(value: FilterValue, column: ViewColumn['column']): SqlParameter {
  const { family, name } = column
  if (family === 'boolean') {
    if (typeof value === 'boolean') return value
    throw new UserError(`${name} is compared with true or false.`)
  }
  const text = typeof value === 'number' ? writeNumber(value) : String(value)
  if (text.includes('\0')) throw new UserError(`A value for ${name} holds a NUL character.`)
  const expected = EXPECTED[family]
  if (expected !== undefined && !expected.test.test(text)) {
    throw new UserError(`${name} is of type ${column.type}; write ${expected.example}.`)
  }
  if (family === 'enum' && column.values !== undefined && !column.values.includes(text)) {
    throw new UserError(`${name} is one of: ${column.values.slice(0, 50).join(', ')}.`)
  }
  return text
}

/** Without an exponent where it is a whole number: integers do not take one. */
function writeNumber(value: number): string {
  return Number.isSafeInteger(value) ? value.toFixed(0) : String(value)
}
