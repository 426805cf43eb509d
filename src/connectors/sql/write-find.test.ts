import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callerOf, exposeShop } from '../../../test/fixtures/exposed-shop.ts'
import { isUserError, UserError } from '../../errors.ts'
import { mssqlDialect } from '../mssql/mssql-dialect.ts'
import { postgresDialect } from '../postgres/postgres-dialect.ts'
import type { Statement } from './database.ts'
import type { TypeFamily } from './database-schema.ts'
import type { Dialect } from './dialect.ts'
import { FILTER_OPS, type Filter, type FilterValue } from './filter.ts'
import { type CallerView, viewTable } from './view-table.ts'
import { type FindQuestion, writeCount, writeFind } from './write-find.ts'

const [customers] = exposeShop()
if (customers === undefined) throw new Error('no fixture')
const view: CallerView = viewTable(customers, callerOf())
const NAMES = customers.columns.map((each) => each.column.name)
/** Another value that each family takes. */
const SAMPLES: Readonly<Partial<Record<TypeFamily, FilterValue>>> = {
  integer: 7,
  text: 'sample',
  boolean: true,
  decimal: '1.5',
  date: '2026-01-31',
  enum: 'person',
  uuid: '00000000-0000-0000-0000-000000000000',
}

const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.oneof(fc.string(), fc.constantFrom('id" OR 1=1 --', '*', '__proto__', 'ID')) },
)
const hostile = fc.constantFrom("' OR '1'='1", '"; DROP TABLE customers; --', '$1', '@p1', '\\', '%_[', ']', '🙂')
const scalar: fc.Arbitrary<FilterValue> = fc.oneof(
  fc.constantFrom(...Object.values(SAMPLES)),
  hostile,
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
)
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 5 }))
const comparison = fc.record(
  { column: name, op: fc.constantFrom(...FILTER_OPS), value },
  { requiredKeys: ['column', 'op'] },
)
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { weight: 4, arbitrary: comparison as fc.Arbitrary<Filter> },
    { weight: 1, arbitrary: fc.record({ anyOf: fc.array(tie('filter'), { maxLength: 3 }) }) },
  ),
}))
const question: fc.Arbitrary<FindQuestion> = fc.record(
  {
    columns: fc.array(name, { maxLength: 3 }),
    filters: fc.array(filter, { maxLength: 4 }),
    order: fc.array(fc.record({ column: name, direction: fc.constantFrom('asc', 'desc') }), { maxLength: 2 }),
    limit: fc.integer({ min: 1, max: 1000 }),
    offset: fc.integer({ min: 0, max: 1_000_000 }),
  },
  { requiredKeys: ['limit', 'offset'] },
)

/** The same question with other values. */
function withOthers(each: Filter): Filter {
  if ('anyOf' in each) return { anyOf: each.anyOf.map(withOthers) }
  if (each.value === undefined) return each
  const family = customers?.columns.find(({ column }) => column.name === each.column)?.column.family ?? 'text'
  const other = SAMPLES[family] ?? 'sample'
  return { ...each, value: Array.isArray(each.value) ? each.value.map(() => other) : other }
}

/** The statement, unless the question is refused with a sentence for the caller. */
function written(write: () => Statement): Statement | undefined {
  try {
    return write()
  } catch (thrown) {
    if (isUserError(thrown)) return undefined
    throw thrown
  }
}

describe.each<[string, Dialect, string]>([
  ['PostgreSQL', postgresDialect, ' WHERE (("tenant_id" = $1))'],
  ['SQL Server', mssqlDialect, ' WHERE (([tenant_id] = @p1))'],
])('a statement that finds rows, in the SQL of %s', (_, dialect, rule) => {
  it('has nothing of a caller in its text but names of columns and operators, and always the row rule', () => {
    let statements = 0
    fc.assert(
      fc.property(question, (asked) => {
        const statement = written(() => writeFind(dialect, view, asked))
        if (statement === undefined) return
        statements++
        const others = { ...asked, filters: (asked.filters ?? []).map(withOthers) }
        expect(statement.text).toBe(writeFind(dialect, view, others).text)
        expect(statement.text.split(rule)).toHaveLength(2)
        expect(statement.text.split(rule)[1]).toMatch(/^ (AND|ORDER BY) /)
        expect(statement.parameters[0]).toBe('acme')
        expect(statement.text).not.toContain('ssn')
        const count = written(() => writeCount(dialect, view, asked.filters ?? []))
        expect(count?.text).toContain(rule)
      }),
      { numRuns: 500 },
    )
    expect(statements).toBeGreaterThan(50)
  })
})

describe('a question about rows', () => {
  const find = (asked: Partial<FindQuestion>, of = view): string =>
    writeFind(postgresDialect, of, { limit: 5, offset: 0, ...asked }).text

  it('is about all columns that exist for the caller, in the order of the key', () => {
    const masked = view.columns.find(({ mask }) => mask !== undefined)
    expect(masked?.column.name).toBe('email')
    expect(find({ columns: ['name', 'id'] })).toBe(
      'SELECT "name", "id" FROM "public"."customers" WHERE (("tenant_id" = $1)) ORDER BY "id" ASC LIMIT 5 OFFSET 0',
    )
  })

  it('orders by what is asked first, and by the key once', () => {
    expect(find({ columns: ['id'], order: [{ column: 'name', direction: 'desc' }] })).toMatch(
      /ORDER BY "name" DESC, "id" ASC LIMIT/,
    )
    expect(find({ columns: ['id'], order: [{ column: 'id' }] })).toMatch(/ORDER BY "id" ASC LIMIT/)
  })

  it('is not ordered by a key that is masked: that would tell what it holds', () => {
    const columns = { id: 'hash' }
    const [exposed] = exposeShop({ tables: { 'public.customers': { columns } } })
    if (exposed === undefined) throw new Error('no fixture')
    expect(find({ columns: ['name'] }, viewTable(exposed, callerOf()))).not.toContain('ORDER BY')
  })

  it('has at most eight columns to order by', () => {
    const order = Array.from({ length: 9 }, () => ({ column: 'id' }))
    expect(() => find({ order })).toThrow(UserError)
  })

  it('is refused where every column is hidden', () => {
    const columns = Object.fromEntries(NAMES.map((each) => [each, 'hide']))
    const [exposed] = exposeShop({ tables: { 'public.customers': { columns } } })
    if (exposed === undefined) throw new Error('no fixture')
    expect(() => find({}, viewTable(exposed, callerOf()))).toThrow(/no column of public.customers/)
  })
})
