import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { compileCapability } from '../capabilities/compile-capability.ts'
import { defineTool } from '../capabilities/definition.ts'
import type { Principal } from '../identity/principal.ts'
import { createPolicy, isVisible, type Policy } from './authorize.ts'
import type { RoleOptions } from './options.ts'
import { compileRules, NO_RULES, type Rules } from './rules/compile-rules.ts'

const SCOPES = ['crm:read', 'crm:write', 'crm:admin', 'pii']
const ROLES = ['a', 'b', 'c']
const scopes = fc.subarray(SCOPES)
const tools = fc.record({ name: fc.constantFrom('get', 'set'), scopes, readOnly: fc.boolean() })
const selector = fc.constantFrom({ name: '*' }, { name: 'get' }, { readOnly: true }, { connector: 'crm' })
const roleWith = (deny: fc.Arbitrary<RoleOptions['deny']>): fc.Arbitrary<RoleOptions> =>
  fc.record({ scopes, allow: fc.array(selector, { maxLength: 2 }), deny })
const rolesWith = (deny: fc.Arbitrary<RoleOptions['deny']>): fc.Arbitrary<Record<string, RoleOptions>> =>
  fc.record({ a: roleWith(deny), b: roleWith(deny), c: roleWith(deny) })
const noDeny = fc.constant<RoleOptions['deny']>([])
const IMPLIES = { 'crm:admin': { implies: ['crm:read', 'crm:write'] } }

type Given = { name: string; scopes: string[]; readOnly: boolean }
const toolOf = ({ name, scopes, readOnly }: Given) =>
  compileCapability(defineTool({ name, scopes, annotations: { readOnlyHint: readOnly }, run: () => '' }), {
    connector: 'crm',
    source: 'x.ts',
  })
const policyOf = (roles: Record<string, RoleOptions>, rules: Rules = NO_RULES): Policy =>
  createPolicy({ roles, scopes: IMPLIES, rules, ruleOptions: [] })
const holder = (roles: readonly string[], given: Partial<Principal> = {}): Principal => ({
  id: 'oauth:idp:ann',
  name: 'ann',
  kind: 'oauth',
  roles,
  ...given,
})

it('no scope that is taken from a credential permits or shows anything, whatever the roles deny', () => {
  const denies = fc.array(selector, { maxLength: 1 })
  fc.assert(
    fc.property(rolesWith(denies), fc.subarray(ROLES), tools, scopes, scopes, (roles, held, tool, more, less) => {
      const policy = policyOf(roles)
      const capability = toolOf(tool)
      const fewer = more.filter((scope) => less.includes(scope))
      const before = policy.decide(holder(held, { scopes: more }), capability)
      const after = policy.decide(holder(held, { scopes: fewer }), capability)
      const whole = policy.decide(holder(held), capability)
      if (before.effect === 'deny') expect(after.effect).toBe('deny')
      if (whole.effect === 'deny') expect(before).toEqual(whole)
      // More scopes are always enough: nothing is shown that no token could call.
      expect(isVisible(after)).toBe(isVisible(before))
      expect(isVisible(before)).toBe(whole.effect === 'permit')
    }),
    { numRuns: 1_000 },
  )
})

it('no role, and no scope of a role, that is taken away permits anything, unless the role denies', () => {
  fc.assert(
    fc.property(
      rolesWith(noDeny),
      fc.subarray(ROLES),
      fc.subarray(ROLES),
      tools,
      scopes,
      (roles, held, less, tool, lost) => {
        const capability = toolOf(tool)
        const before = policyOf(roles).decide(holder(held), capability)
        const fewer = held.filter((name) => less.includes(name))
        const poorer = Object.fromEntries(
          Object.entries(roles).map(([name, role]) => [
            name,
            { ...role, scopes: role.scopes.filter((scope) => !lost.includes(scope)) },
          ]),
        )
        if (before.effect === 'permit') return
        expect(policyOf(roles).decide(holder(fewer), capability).effect).toBe('deny')
        expect(policyOf(poorer).decide(holder(held), capability).effect).toBe('deny')
      },
    ),
    { numRuns: 1_000 },
  )
})

it('a role that denies is the exception: without it what it denied is permitted', () => {
  const allow: RoleOptions = { scopes: [], allow: [{ name: '*' }], deny: [] }
  const policy = policyOf({ a: allow, b: { ...allow, deny: [{ name: 'get' }] } })
  const capability = toolOf({ name: 'get', scopes: [], readOnly: true })
  expect(policy.decide(holder(['a', 'b']), capability).effect).toBe('deny')
  expect(policy.decide(holder(['a']), capability).effect).toBe('permit')
})

let rules: Rules
beforeAll(async () => {
  rules = await compileRules([
    { name: 'tenant', select: { name: 'get' }, require: 'principal.tenant == "acme"' },
    { name: 'region', require: '"eu" in principal.claims.regions' },
    { name: 'nobody', select: { name: 'set' }, deny: 'principal.user == "mallory"' },
  ])
})

it('no rule permits what the roles deny, and no attribute that is taken away permits anything', () => {
  const attributes = fc.record(
    {
      tenant: fc.constantFrom('acme', 'globex'),
      user: fc.constantFrom('ann', 'mallory'),
      claims: fc.record({ regions: fc.subarray(['eu', 'us']) }),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(rolesWith(noDeny), fc.subarray(ROLES), tools, attributes, (roles, held, tool, given) => {
      const capability = toolOf(tool)
      const ruled = policyOf(roles, rules)
      const before = ruled.decide(holder(held, given), capability)
      if (before.effect === 'permit')
        expect(policyOf(roles).decide(holder(held, given), capability).effect).toBe('permit')
      else
        for (const lost of ['tenant', 'user', 'claims'] as const) {
          const { [lost]: _, ...rest } = given
          expect(ruled.decide(holder(held, rest), capability).effect).toBe('deny')
        }
    }),
    { numRuns: 1_000 },
  )
})
