import { describe, expect, it } from 'vitest'
import { UserError } from '../../errors.ts'
import { identifyCaller } from './identify-caller.ts'

describe('what a session is told of a caller', () => {
  const options = { role: 'tenant_{tenant}', settings: { 'app.user': 'id', 'app.region': 'claims.region' } }
  const caller = { id: 'key:1', name: 'Ada', roles: [], tenant: 'acme', claims: { region: 'eu' } }

  it('is what the configuration names of it', () => {
    const told = { role: 'tenant_acme', settings: { 'app.user': 'key:1', 'app.region': 'eu' } }
    expect(identifyCaller(options, caller)).toEqual(told)
  })

  it('is nothing at all when something of it is missing', () => {
    const { tenant, ...without } = caller
    expect(tenant).toBe('acme')
    expect(() => identifyCaller(options, without)).toThrow(UserError)
    expect(() => identifyCaller(options, { ...caller, claims: { region: ['eu'] } })).toThrow(UserError)
    expect(() => identifyCaller(options, { ...caller, tenant: '' })).toThrow(UserError)
  })
})
