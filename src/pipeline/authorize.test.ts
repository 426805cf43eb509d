import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileCapability } from '../capabilities/compile-capability.ts'
import { defineTool } from '../capabilities/definition.ts'
import type { Principal } from '../identity/principal.ts'
import { createPolicy as createWholePolicy, type Policy } from './authorize.ts'
import type { RoleOptions, ScopeOptions } from './options.ts'
import { NO_RULES } from './rules/compile-rules.ts'
import { compileGlob } from './selector/compile-selector.ts'

const capability = (
  name: string,
  more: { scopes?: string[]; tags?: string[]; readOnly?: boolean; roles?: string[] } = {},
) =>
  compileCapability(
    defineTool({
      name,
      scopes: more.scopes ?? [],
      tags: more.tags ?? [],
      ...(more.roles === undefined ? {} : { roles: more.roles }),
      annotations: { readOnlyHint: more.readOnly ?? false },
      run: () => '',
    }),
    { connector: 'crm', source: 'x.ts' },
  )

const holder = (...roles: string[]): Principal => ({ id: 'key:1', name: 'ci', kind: 'api-key', roles })
const createPolicy = (roles: Record<string, RoleOptions>, scopes: Record<string, ScopeOptions> = {}): Policy =>
  createWholePolicy({ roles, scopes, rules: NO_RULES, ruleOptions: [] })
const role = (given: Partial<RoleOptions>): RoleOptions => ({ scopes: [], allow: [], deny: [], ...given })

describe('the policy', () => {
  it('denies what no role allows', () => {
    const policy = createPolicy({ none: role({}) })
    expect(policy.decide(holder(), capability('a'))).toMatchObject({
      effect: 'deny',
      reason: 'hidden',
      rule: 'no role',
    })
    expect(policy.decide(holder('none'), capability('a'))).toMatchObject({ effect: 'deny', reason: 'hidden' })
    expect(policy.decide(holder('unknown'), capability('a'))).toMatchObject({ effect: 'deny', reason: 'hidden' })
  })

  it('selects by name, tag, read-only and connector; all given parts must match', () => {
    const policy = createPolicy({
      r: role({ allow: [{ name: 'get_*', tag: 'public', readOnly: true, connector: 'crm' }] }),
    })
    const fits = { tags: ['public'], readOnly: true }
    expect(policy.decide(holder('r'), capability('get_a', fits)).effect).toBe('permit')
    expect(policy.decide(holder('r'), capability('set_a', fits)).effect).toBe('deny')
    expect(policy.decide(holder('r'), capability('get_a', { readOnly: true })).effect).toBe('deny')
    expect(policy.decide(holder('r'), capability('get_a', { tags: ['public'] })).effect).toBe('deny')
  })

  it('lets a deny of any role win', () => {
    const policy = createPolicy({
      all: role({ allow: [{ name: '*' }] }),
      careful: role({ deny: [{ name: '*_delete' }] }),
    })
    expect(policy.decide(holder('all'), capability('x_delete')).effect).toBe('permit')
    expect(policy.decide(holder('all', 'careful'), capability('x_delete'))).toMatchObject({
      effect: 'deny',
      rule: 'role careful: deny name *_delete',
    })
  })

  it('hides what is for other roles, whatever the roles of the caller allow', () => {
    const policy = createPolicy({ all: role({ allow: [{ name: '*' }] }), finance: role({}) })
    const salaries = capability('salaries', { roles: ['finance'] })
    expect(policy.decide(holder('all'), salaries)).toMatchObject({ effect: 'deny', reason: 'hidden' })
    expect(policy.decide(holder('finance'), salaries)).toMatchObject({ effect: 'deny', reason: 'hidden' })
    expect(policy.decide(holder('all', 'finance'), salaries).effect).toBe('permit')
    expect(policy.decide(holder('all', 'unknown'), capability('b', { roles: ['unknown'] })).effect).toBe('deny')
    expect(policy.decide(holder('all'), capability('c', { roles: [] })).effect).toBe('deny')
  })

  describe('of a credential that is limited to scopes', () => {
    const roles = {
      user: role({ allow: [{ name: '*' }] }),
      payer: role({ allow: [{ name: 'pay' }], scopes: ['pay:any'] }),
    }
    const scopes = {
      'crm:all': { implies: ['crm:read', 'crm:write'] },
      everything: { implies: ['crm:all', 'pay:any'] },
    }
    const policy = createPolicy(roles, scopes)
    const limited = (...given: string[]): Principal => ({ ...holder('user', 'payer'), scopes: given })
    const read = capability('read', { readOnly: true })
    const write = capability('write')
    const pay = capability('pay', { scopes: ['pay:any'] })

    it('wants the scope of the connector for what names none: to read, or else to write', () => {
      expect(policy.decide(limited('crm:read'), read).effect).toBe('permit')
      expect(policy.decide(limited('crm:read'), write)).toEqual({
        effect: 'deny',
        reason: 'credential',
        rule: 'role user: allow name *',
        missing: ['crm:write'],
      })
      expect(policy.decide(limited('crm:write'), read)).toMatchObject({ missing: ['crm:read'] })
      expect(policy.decide(limited(), read).effect).toBe('deny')
    })

    it('wants the scopes that a definition names in place of it', () => {
      expect(policy.decide(limited('pay:any'), pay).effect).toBe('permit')
      expect(policy.decide(limited('crm:write'), pay)).toMatchObject({ reason: 'credential', missing: ['pay:any'] })
    })

    it('gives it nothing that the roles do not', () => {
      expect(policy.decide({ ...limited('pay:any', 'crm:write'), roles: ['user'] }, pay)).toMatchObject({
        reason: 'scope',
      })
      expect(policy.decide({ ...limited('crm:read'), roles: [] }, read)).toMatchObject({ reason: 'hidden' })
    })

    it('takes a scope for those that it implies, over several steps', () => {
      expect(policy.decide(limited('crm:all'), write).effect).toBe('permit')
      expect(policy.decide(limited('everything'), write).effect).toBe('permit')
      expect(policy.decide(limited('everything'), pay).effect).toBe('permit')
      const wide = createPolicy({ r: role({ allow: [{ name: '*' }], scopes: ['everything'] }) }, scopes)
      expect(wide.decide(holder('r'), pay).effect).toBe('permit')
    })

    it('is limited in what is no capability too', () => {
      const metrics = createPolicy({ ops: role({ scopes: ['toolgate:metrics'] }) })
      expect(metrics.holds(holder('ops'), 'toolgate:metrics')).toBe(true)
      expect(metrics.holds({ ...holder('ops'), scopes: [] }, 'toolgate:metrics')).toBe(false)
      expect(metrics.holds({ ...holder('ops'), scopes: ['toolgate:metrics'] }, 'toolgate:metrics')).toBe(true)
    })

    it('may lose a scope and never gain by it', () => {
      const any = fc.subarray(['crm:read', 'crm:write', 'crm:all', 'pay:any', 'everything', 'other'])
      fc.assert(
        fc.property(any, fc.nat(), fc.constantFrom(read, write, pay), (given, at, asked) => {
          const fewer = given.filter((_, index) => index !== at % Math.max(1, given.length))
          const before = policy.decide(limited(...given), asked).effect
          if (before === 'deny') expect(policy.decide(limited(...fewer), asked).effect).toBe('deny')
        }),
      )
    })
  })

  it('remembers no decision under the name of a role that is not configured', () => {
    const policy = createPolicy({ a: role({ allow: [{ name: '*' }] }), b: role({}) })
    const asked = capability('x')
    expect(policy.decide(holder('a', 'b'), asked).effect).toBe('permit')
    expect(policy.decide(holder('a b'), asked).effect).toBe('deny')
  })

  it('wants every scope, from the roles together', () => {
    const policy = createPolicy({
      a: role({ allow: [{ name: '*' }], scopes: ['crm:read'] }),
      b: role({ scopes: ['crm:write'] }),
    })
    const guarded = capability('x', { scopes: ['crm:read', 'crm:write'] })
    expect(policy.decide(holder('a'), guarded)).toMatchObject({
      effect: 'deny',
      reason: 'scope',
      missing: ['crm:write'],
    })
    expect(policy.decide(holder('a', 'b'), guarded).effect).toBe('permit')
  })

  it('never permits more when a role is taken away', () => {
    const roles = {
      a: role({ allow: [{ name: 'x*' }], scopes: ['s'] }),
      b: role({ allow: [{ tag: 't' }] }),
      c: role({ scopes: ['u'] }),
    }
    const policy = createPolicy(roles)
    const subset = fc.subarray(['a', 'b', 'c'])
    fc.assert(
      fc.property(
        subset,
        fc.subarray(['s', 'u']),
        fc.subarray(['t']),
        fc.constantFrom('x1', 'y1'),
        (held, scopes, tags, name) => {
          const asked = capability(name, { scopes, tags })
          if (policy.decide(holder(...held), asked).effect === 'permit') return
          for (const gone of held) {
            expect(policy.decide(holder(...held.filter((other) => other !== gone)), asked).effect).toBe('deny')
          }
        },
      ),
    )
  })
})

describe('a glob', () => {
  it('means what a person expects', () => {
    expect(compileGlob('get_*')('get_')).toBe(true)
    expect(compileGlob('get_?')('get_ab')).toBe(false)
    expect(compileGlob('*_x_*')('a_x_b_x_c')).toBe(true)
    expect(compileGlob('a.c')('abc')).toBe(false)
  })

  it('agrees with the regular expression it stands for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '_'), maxLength: 12 })
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '_', '*', '?'), maxLength: 8 })
    fc.assert(
      fc.property(glob, text, (pattern, value) => {
        const expression = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`)
        expect(compileGlob(pattern)(value)).toBe(expression.test(value))
      }),
    )
  })
})
