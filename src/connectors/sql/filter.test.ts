import { describe, expect, it } from 'vitest'
import { callerOf, exposeShop } from '../../../test/fixtures/exposed-shop.ts'
import { UserError } from '../../errors.ts'
import { postgresDialect as dialect } from '../postgres/postgres-dialect.ts'
import { type Filter, findColumn, writeFilters } from './filter.ts'
import { Parameters } from './select-statement.ts'
import { viewTable } from './view-table.ts'

const [customers] = exposeShop()
if (customers === undefined) throw new Error('no fixture')
const view = viewTable(customers, callerOf())

function write(...filters: unknown[]): { readonly text: string; readonly values: readonly unknown[] } {
  const parameters = new Parameters(dialect)
  const text = writeFilters(filters as Filter[], { dialect, view, parameters }).join(' AND ')
  return { text, values: parameters.values }
}

describe('a filter', () => {
  it.each<[object, string, unknown[]]>([
    [{ column: 'id', op: '=', value: 5 }, '"id" = $1', ['5']],
    [{ column: 'id', op: '!=', value: '5' }, '"id" <> $1', ['5']],
    [{ column: 'id', op: '>', value: 1e15 }, '"id" > $1', ['1000000000000000']],
    [{ column: 'active', op: '=', value: true }, '"active" = $1', [true]],
    [{ column: 'balance', op: '<=', value: '-1.50' }, '"balance" <= $1', ['-1.50']],
    [{ column: 'id', op: 'in', value: [1, '2'] }, '"id" IN ($1, $2)', ['1', '2']],
    [{ column: 'id', op: 'not in', value: [1] }, '"id" NOT IN ($1)', ['1']],
    [{ column: 'id', op: 'in', value: [] }, '1 = 0', []],
    [{ column: 'id', op: 'not in', value: [] }, '1 = 1', []],
    [{ column: 'notes', op: 'is null' }, '"notes" IS NULL', []],
    [{ column: 'name', op: 'is not null', value: 'x' }, '"name" IS NOT NULL', []],
    [{ column: 'name', op: 'contains', value: 'a_b%[\\' }, `"name" LIKE $1 ESCAPE '\\'`, ['%a\\_b\\%\\[\\\\%']],
  ])('%j is %s', (filter, text, values) => {
    expect(write(filter)).toEqual({ text, values })
  })

  it('holds its alternatives together', () => {
    const anyOf = [{ column: 'id', op: '=', value: 1 }, { anyOf: [{ column: 'id', op: '=', value: 2 }] }]
    expect(write({ anyOf }, { column: 'id', op: '<', value: 9 }).text).toBe('("id" = $1 OR ("id" = $2)) AND "id" < $3')
  })

  it.each<[object, RegExp]>([
    [{ column: 'id', op: '=', value: '5 OR 1=1' }, /write a whole number/],
    [{ column: 'id', op: '=', value: Number.NaN }, /write a whole number/],
    [{ column: 'balance', op: '=', value: '1e99999' }, /write a number/],
    [{ column: 'born', op: '=', value: 'yesterday' }, /a date such as/],
    [{ column: 'ref', op: '=', value: 'x' }, /a UUID/],
    [{ column: 'kind', op: '=', value: 'robot' }, /one of: person, company/],
    [{ column: 'active', op: '=', value: 'true' }, /true or false/],
    [{ column: 'name', op: '=', value: 'a\0b' }, /NUL/],
    [{ column: 'name', op: '=' }, /needs one value/],
    [{ column: 'name', op: '=', value: ['a'] }, /needs one value/],
    [{ column: 'name', op: 'in', value: 'a' }, /needs a list/],
    [{ column: 'name', op: 'in', value: Array(1001).fill('a') }, /1000 values/],
    [{ column: 'id', op: 'contains', value: '5' }, /contains is for text/],
    [{ column: 'notes', op: '=', value: '{}' }, /only be tested with is null/],
    [{ column: 'notes', op: 'in', value: ['{}'] }, /cannot be compared/],
    [{ column: 'email', op: '=', value: 'x' }, /is masked/],
    [{ column: 'email', op: 'is null' }, /is masked/],
    [{ anyOf: [] }, /at least one/],
  ])('%j is refused with a sentence', (filter, why) => {
    expect(() => write(filter)).toThrow(UserError)
    expect(() => write(filter)).toThrow(why)
  })

  it('is one of fifty, four deep', () => {
    const one = { column: 'id', op: 'is null' }
    expect(() => write(...Array(50).fill(one))).not.toThrow()
    expect(() => write(...Array(51).fill(one))).toThrow(/At most 50/)
    expect(() => write({ anyOf: Array(51).fill(one) })).toThrow(/At most 50/)
    const nest = (depth: number): object => (depth === 0 ? one : { anyOf: [nest(depth - 1)] })
    expect(() => write(nest(4))).not.toThrow()
    expect(() => write(nest(5))).toThrow(/4 deep/)
  })
})

describe('a column that cannot be had', () => {
  it('is answered with the nearest one, hidden or not there', () => {
    expect(() => findColumn(view, 'nmae')).toThrow(/has no column "nmae". Did you mean name\?/)
    const refusal = (name: string): string => {
      try {
        findColumn(view, name)
      } catch (thrown) {
        return String(thrown)
      }
      return ''
    }
    expect(refusal('ssn')).toBe(refusal('zzz').replace('zzz', 'ssn'))
    expect(refusal('zzz')).not.toMatch(/ssn/)
  })
})
