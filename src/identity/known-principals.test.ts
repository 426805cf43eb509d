import { expect, it } from 'vitest'
import { anonymousPrincipal, localPrincipal } from './known-principals.ts'

it('a local caller is one principal with the roles of the configuration', () => {
  const roles = ['reader']
  const principal = localPrincipal({ roles, tenant: 'acme', claims: { region: 'eu' } })
  roles.push('admin')
  expect(principal).toEqual({
    id: 'local',
    name: 'local',
    kind: 'local',
    roles: ['reader'],
    tenant: 'acme',
    claims: { region: 'eu' },
  })
})

it('an anonymous caller is told apart from every other one', () => {
  expect(anonymousPrincipal({ roles: ['public'] })).toEqual({
    id: 'anonymous',
    name: 'anonymous',
    kind: 'anonymous',
    roles: ['public'],
  })
})

it('roles cannot be added to a principal afterwards', () => {
  expect(() => (localPrincipal({ roles: [] }).roles as string[]).push('admin')).toThrow(TypeError)
})
