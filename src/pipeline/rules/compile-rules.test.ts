import { beforeAll, describe, expect, it } from 'vitest'
import { compileCapability } from '../../capabilities/compile-capability.ts'
import { defineResource, defineTool } from '../../capabilities/definition.ts'
import type { Principal } from '../../identity/principal.ts'
import { toCelData } from './cel-values.ts'
import { type CompileCondition, createConditionCompiler } from './compile-condition.ts'
import { compileRules, type Rules } from './compile-rules.ts'
import { loadCel } from './load-cel.ts'
import type { RuleOptions } from './options.ts'

const origin = { connector: 'crm', source: 'x.ts' }
const get = compileCapability(
  defineTool({ name: 'get', tags: ['pii'], annotations: { readOnlyHint: true }, run: () => '' }),
  origin,
)
const set = compileCapability(defineTool({ name: 'set', run: () => '' }), origin)
const row = compileCapability(defineResource({ name: 'row', uriTemplate: 'db://{table}/{id}', read: () => '' }), origin)

const ann: Principal = {
  id: 'oauth:idp:ann',
  name: 'ann',
  kind: 'oauth',
  tenant: 'acme',
  user: 'ann',
  roles: ['support'],
  scopes: ['crm:read'],
  claims: { region: 'eu', groups: ['a', 'b'] },
}
const ben: Principal = { id: 'key:1', name: 'ben', kind: 'api-key', roles: ['user'] }

const only = async (rule: Omit<RuleOptions, 'name'>): Promise<Rules> => compileRules([{ name: 'r', ...rule }])
const denied = (rules: Rules, principal: Principal, args: unknown): string | undefined =>
  rules.ofCall(principal, get, () => args)?.rule

describe('a rule over arguments', () => {
  it('denies what its `deny` is true for, and what its `require` is not', async () => {
    const deny = await only({ deny: 'args.amount > 1000' })
    expect(denied(deny, ann, { amount: 1000.5 })).toBe('rule r')
    expect(denied(deny, ann, { amount: 1000 })).toBeUndefined()
    const require = await only({ require: 'args.region == principal.claims.region' })
    expect(denied(require, ann, { region: 'eu' })).toBeUndefined()
    expect(denied(require, ann, { region: 'us' })).toBe('rule r')
  })

  it.each<Omit<RuleOptions, 'name'>>([
    { deny: 'args.amount > 1000' },
    { require: 'args.amount < 1000' },
    { deny: '!(args.amount < 1000)' },
    { deny: 'args.list[3] == 1.0' },
    { deny: 'args.amount' },
  ])('denies what it cannot say of: %j', async (rule) => {
    const rules = await only(rule)
    for (const args of [{}, { amount: 'many' }, { amount: null }, { amount: [5] }, undefined, { list: [] }]) {
      expect(denied(rules, ann, args)).toBe('rule r (cannot be evaluated)')
    }
  })

  it('denies arguments of which it cannot see all', async () => {
    const rules = await only({ deny: 'has(args.secret)' })
    class Odd {
      hidden = 1
    }
    for (const odd of [new Odd(), () => 1, Symbol('x'), new Map([['a', 1]]), new Set()]) {
      expect(denied(rules, ann, { odd })).toBe('rule r (cannot be evaluated)')
    }
    expect(denied(rules, ann, { secret: undefined })).toBeUndefined()
    expect(
      denied(await only({ require: 'args.at == "2026-01-02T03:04:05.000Z"' }), ann, {
        at: new Date('2026-01-02T03:04:05Z'),
      }),
    ).toBeUndefined()
  })

  it('takes names that every object has for ordinary ones', async () => {
    const rules = await only({ deny: 'has(args.constructor) || has(args.__proto__)' })
    expect(denied(rules, ann, {})).toBeUndefined()
    expect(denied(rules, ann, JSON.parse('{"constructor":1}'))).toBe('rule r')
    expect(denied(rules, ann, JSON.parse('{"__proto__":1}'))).toBe('rule r')
  })

  it('is for those it selects, by capability and by role', async () => {
    const rules = await compileRules([
      { name: 'write', select: { readOnly: false }, deny: 'args.a == 1.0' },
      { name: 'support', roles: ['support'], deny: 'args.a == 2.0', message: 'Not two.' },
    ])
    const of = (principal: Principal, capability: typeof get, a: number): string | undefined =>
      rules.ofCall(principal, capability, () => ({ a }))?.rule
    expect([of(ann, get, 1), of(ann, set, 1)]).toEqual([undefined, 'rule write'])
    expect([of(ann, get, 2), of(ben, get, 2)]).toEqual(['rule support', undefined])
    expect(rules.ofCall(ann, get, () => ({ a: 2 }))?.message).toBe('Not two.')
    expect(rules.idle([get])).toEqual([0])
    expect(rules.ofPrincipal(ann, set)).toBeUndefined()
  })
})

describe('a rule over the caller alone', () => {
  it('denies the capability whatever the arguments are', async () => {
    const rules = await only({ select: { tag: 'pii' }, require: 'has(principal.tenant) && "pii" in capability.tags' })
    expect(rules.ofPrincipal(ann, get)).toBeUndefined()
    expect(rules.ofPrincipal(ben, get)).toEqual({ rule: 'rule r', message: undefined })
    expect(rules.ofPrincipal(ben, set)).toBeUndefined()
    expect(rules.ofPrincipal(ben, get)).toBe(rules.ofPrincipal(ben, get))
  })

  it('denies a caller who lacks what it asks for', async () => {
    const rules = await only({ deny: 'principal.tenant == "evil"' })
    expect(rules.ofPrincipal(ben, get)?.rule).toBe('rule r (cannot be evaluated)')
    expect(rules.ofPrincipal(ann, get)).toBeUndefined()
  })

  it('sees every attribute of the caller and of what is asked for', async () => {
    const rules = await only({
      require:
        'principal.id == "oauth:idp:ann" && principal.name == "ann" && principal.kind == "oauth" && principal.user == "ann" && "support" in principal.roles && principal.scopes == ["crm:read"] && "b" in principal.claims.groups && capability.name == "db://{table}/{id}" && capability.kind == "resourceTemplate" && capability.connector == "crm" && capability.readOnly',
    })
    expect(rules.ofPrincipal(ann, row)).toBeUndefined()
  })
})

describe('a condition that is a mistake is refused at the start', () => {
  it.each([
    ['args.a ==', /cannot be read at line 1, character 8/],
    ['prinzipal.id == "a"', /no variable `prinzipal`: did you mean `principal`/],
    ['principal.tenent == "a"', /no `principal.tenent`: did you mean `tenant`/],
    ['capability.nam == "a"', /did you mean `name`/],
    ['args.a.startWith("b")', /no function `startWith`: did you mean `startsWith`/],
    ['size(args.a)', /neither true nor false/],
    ['args', /neither true nor false/],
    ['1', /neither true nor false/],
    ['[true]', /neither true nor false/],
    ['args.a.matches(args.b)', /no literal/],
    ['args.a.matches("(")', /./],
    ['args.a.matches("(?=b)c")', /./],
    ['args.a.all(x, args.a.all(y, x != y))', /inside of going through/],
    ['args.a.map(x, x.map(y, y)).size() == 0', /inside of going through/],
    ['[1].exists(args, true)', /gives the name `args` to something else/],
    ['false', /never denies anything/],
    ['google.protobuf.Any{} == args', /no type|no variable/],
    [`args${'.a'.repeat(60)} == 1`, /nested too deeply/],
    [`${'('.repeat(990)}x${')'.repeat(990)}`, /./],
    [`args.a == [${'1,'.repeat(600)}1]`, /too long/],
  ])('%s', async (deny, problem) => {
    await expect(only({ deny })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^access\.rules\[0\]\.deny /),
    })
    await expect(only({ deny })).rejects.toThrow(problem)
  })

  it('and `require` that is always true', async () => {
    await expect(only({ require: 'true' })).rejects.toThrow(/never denies/)
  })
})

describe('a condition costs no more than its arguments are long', () => {
  let compile: CompileCondition
  beforeAll(async () => {
    compile = createConditionCompiler(await loadCel())
  })
  const evaluate = (text: string, args: unknown): boolean =>
    compile(text).evaluate({ principal: new Map(), capability: new Map(), args: toCelData(args) })

  it('reads patterns in linear time', () => {
    const started = performance.now()
    expect(evaluate('args.a.matches("^(a+)+$")', { a: `${'a'.repeat(20_000)}!` })).toBe(false)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('holds patterns against so much text and no more, over all items together', () => {
    expect(() => evaluate('args.a.matches("x")', { a: 'a'.repeat(100_001) })).toThrow(/too much text/)
    const many = { list: Array.from({ length: 100 }, () => 1), text: 'a'.repeat(10_000) }
    expect(() => evaluate('args.list.exists(i, args.text.matches("x"))', many)).toThrow(/too much text/)
  })

  it('goes through so many items and no more', () => {
    const long = { list: Array.from({ length: 20_000 }, (_, index) => index) }
    expect(() => evaluate('args.list.exists(i, i == 3.0)', long)).toThrow(/too many/)
    expect(evaluate('7.0 in args.list', long)).toBe(true)
    expect(evaluate('args.list.exists(i, i == 3.0)', { list: [1, 2, 3] })).toBe(true)
  })

  it('has texts in any case, and none of the functions that multiply them', () => {
    expect(evaluate('args.a.lowerAscii().trim() == "yes"', { a: ' YES ' })).toBe(true)
    for (const name of ['replace("", "xx")', 'split("")', 'join()', 'format([])']) {
      expect(() => compile(`args.a.${name} == ""`)).toThrow(/no function/)
    }
  })
})
