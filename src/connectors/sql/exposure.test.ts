import { describe, expect, it } from 'vitest'
import { SHOP } from '../../../test/fixtures/exposed-shop.ts'
import { exposeTables, mismatch } from './exposure.ts'
import { readSqlOptions } from './options.ts'

const expose = (tables: object, schema = SHOP) =>
  exposeTables({ ...readSqlOptions({ tables }), maskKey: 'a key of masks' }, schema)

describe('what is exposed', () => {
  it('is nothing that is not named', () => {
    expect(expose({})).toEqual({ tables: [], mistakes: [] })
    expect(expose({ 'public.orders': {} }).tables.map(({ name }) => name)).toEqual(['public.orders'])
  })

  it('may be named without its schema where only one table is called so', () => {
    expect(expose({ orders: {} }).tables.map(({ name }) => name)).toEqual(['public.orders'])
    const [orders] = SHOP.tables.filter(({ name }) => name === 'orders')
    if (orders === undefined) throw new Error('no fixture')
    const two = { tables: [...SHOP.tables, { ...orders, schema: 'archive' }] }
    expect(expose({ orders: {} }, two)).toMatchObject({ tables: [], mistakes: [expect.any(String)] })
  })

  it('says what a table holds by its comment, unless the configuration does', () => {
    const described = (options: object): unknown => expose({ 'public.customers': options }).tables[0]?.description
    expect(described({})).toBe('Who buys')
    expect(described({ description: 'Buyers.' })).toBe('Buyers.')
  })

  it('does not hold a table without a column that a rule goes by', () => {
    const { tables, mistakes } = expose({
      'public.customers': { columns: { snn: 'hide' } },
      'public.orders': { rows: [{ where: { tenant: { caller: 'tenant' } } }] },
      'public.order': {},
    })
    expect(tables).toEqual([])
    expect(mistakes).toEqual([
      'public.customers has no column snn (did you mean ssn?)',
      'public.orders has no column tenant',
      'there is no table public.order (did you mean public.orders?)',
    ])
    expect(mismatch(mistakes)).toMatchObject({ code: 'CONNECTOR_FAILED', message: expect.stringContaining('snn') })
  })

  it('takes no column from the prototype of the options', () => {
    const [first] = SHOP.tables
    if (first === undefined) throw new Error('no fixture')
    const columns = [{ name: 'constructor', type: 'text', family: 'text', isNullable: true } as const]
    const { tables } = expose({ 'public.customers': {} }, { tables: [{ ...first, columns }] })
    expect(tables[0]?.columns).toEqual([{ column: columns[0] }])
  })
})
