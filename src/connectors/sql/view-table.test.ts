import { describe, expect, it } from 'vitest'
import { callerOf, exposeShop } from '../../../test/fixtures/exposed-shop.ts'
import { UserError } from '../../errors.ts'
import { callerValue, isVisible, viewTable } from './view-table.ts'

const [customers, orders] = exposeShop()
if (customers === undefined || orders === undefined) throw new Error('no fixture')

describe('a table as a caller sees it', () => {
  it('has the rows that the rules let through, by what is known of the caller', () => {
    expect(viewTable(customers, callerOf()).rows).toMatchObject([[{ column: { name: 'tenant_id' }, value: 'acme' }]])
    expect(viewTable(customers, callerOf({ roles: ['auditor'] })).rows).toBe('all')
  })

  it('is refused to a caller whom no rule is for, rather than looking empty', () => {
    const { tenant: _, ...unknown } = callerOf()
    expect(() => viewTable(customers, unknown)).toThrow(/you are known without tenant/)
    const rows = [{ roles: ['auditor'], where: 'all' }]
    const [strict] = exposeShop({ tables: { 'public.customers': { rows } } })
    expect(() => viewTable(strict as typeof customers, callerOf())).toThrow(UserError)
    const [none] = exposeShop({ tables: { 'public.customers': { rows: [] } } })
    expect(() => viewTable(none as typeof customers, callerOf())).toThrow(/no rule about its rows is for you/)
  })

  it('needs everything of a rule', () => {
    const rows = [{ where: { tenant_id: { caller: 'tenant' }, kind: { caller: 'claims.kind' }, active: true } }]
    const [both] = exposeShop({ tables: { 'public.customers': { rows } } })
    if (both === undefined) throw new Error('no fixture')
    expect(() => viewTable(both, callerOf())).toThrow(/claims.kind/)
    const known = viewTable(both, callerOf({ claims: { kind: 'person' } }))
    expect(known.rows).toMatchObject([[{ value: 'acme' }, { value: 'person' }, { value: true }]])
  })

  it('has no hidden columns, and shows a masked one as it is to roles that may see it', () => {
    const masks = (roles: readonly string[]): unknown =>
      viewTable(customers, callerOf({ roles })).columns.find(({ column }) => column.name === 'email')?.mask
    expect(viewTable(customers, callerOf()).columns.map(({ column }) => column.name)).not.toContain('ssn')
    expect(masks([])).toEqual({ kind: 'partial', key: 'a key of masks' })
    expect(masks(['finance'])).toBeUndefined()
  })

  it('exists for callers with one of its roles', () => {
    expect(isVisible(orders, callerOf())).toBe(false)
    expect(isVisible(orders, callerOf({ roles: ['clerk'] }))).toBe(true)
    expect(isVisible(customers, callerOf())).toBe(true)
  })
})

describe('what is known of a caller', () => {
  it('is a single value, of its own', () => {
    const caller = callerOf({ claims: { region: 'eu', level: 3, groups: ['a'] } })
    expect(['tenant', 'id', 'name', 'claims.region', 'claims.level'].map((path) => callerValue(path, caller))).toEqual([
      'acme',
      'key:1',
      'Ada',
      'eu',
      3,
    ])
    for (const path of ['roles', 'claims', 'claims.groups', 'claims.constructor', 'claims.__proto__', 'toString'])
      expect(callerValue(path, caller), path).toBeUndefined()
  })
})
