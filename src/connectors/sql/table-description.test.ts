import { expect, it } from 'vitest'
import { callerOf, shopSource } from '../../../test/fixtures/exposed-shop.ts'
import { describeTable } from './table-description.ts'

const source = shopSource()
const [customers, orders] = source.tables
if (customers === undefined || orders === undefined) throw new Error('no fixture')

it('tells nothing of a hidden column, and how a masked one is shown', () => {
  const told = describeTable(source, customers, callerOf())
  expect(JSON.stringify(told)).not.toContain('ssn')
  expect(told.columns.find(({ name }) => name === 'email')).toMatchObject({
    masked: 'partial',
    comment: 'Where invoices go',
  })
  expect(told).toMatchObject({ table: 'public.customers', key: ['id'], description: 'Who buys' })
})

it('does not tell how many rows there are where a caller sees some alone', () => {
  expect(describeTable(source, customers, callerOf())).not.toHaveProperty('estimatedRows')
  expect(describeTable(source, orders, callerOf({ roles: ['clerk'] }))).toMatchObject({ estimatedRows: 9 })
})

it('names no table that does not exist for the caller', () => {
  const clerk = callerOf({ roles: ['clerk'] })
  expect(describeTable(source, orders, clerk).foreignKeys).toHaveLength(1)
  const strict = { ...source, tables: [{ ...customers, roles: ['boss'] }, orders] }
  expect(describeTable(strict, orders, clerk).foreignKeys).toEqual([])
})
