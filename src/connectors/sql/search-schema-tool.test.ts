import { describe, expect, it } from 'vitest'
import { callerOf, shopSource } from '../../../test/fixtures/exposed-shop.ts'
import type { CallContext, Caller } from '../../capabilities/call-context.ts'
import { searchSchemaTool } from './search-schema-tool.ts'

const source = shopSource()
const search = async (input: object, caller: Caller = callerOf({ roles: ['clerk'] })) =>
  (await searchSchemaTool(() => source).run(input as never, { caller } as CallContext)) as unknown as {
    readonly tables: readonly { readonly table: string; readonly columns?: unknown }[]
  }

describe('searching the schema', () => {
  it('finds all tables without words, by their names first', async () => {
    const { tables } = await search({})
    expect(tables.map(({ table }) => table).sort()).toEqual(['public.customers', 'public.orders'])
    expect(tables[0]).not.toHaveProperty('columns')
  })

  it('puts a name of a table before that of a column, and that before a comment', async () => {
    const names = async (words: string): Promise<unknown> =>
      (await search({ search: words })).tables.map(({ table }) => table)
    expect(await names('orders')).toEqual(['public.orders'])
    expect(await names('customer')).toEqual(['public.customers', 'public.orders'])
    expect(await names('INVOICES!')).toEqual(['public.customers'])
    expect(await names('nothing like it')).toEqual([])
  })

  it('finds nothing by a hidden column, nor a table that does not exist for the caller', async () => {
    expect((await search({ search: 'ssn' })).tables).toEqual([])
    expect((await search({ search: 'orders' }, callerOf())).tables).toEqual([])
  })

  it('tells columns, or everything, when asked to', async () => {
    const { tables } = await search({ search: 'orders', detail: 'columns' })
    expect(tables[0]?.columns).toEqual(['id integer', 'customer integer'])
    expect((await search({ search: 'orders', detail: 'full' })).tables[0]).toMatchObject({ key: ['id'] })
  })
})
