import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createTestEngine, holder, type TestEngine, type TestEngineOptions } from '../../test/fixtures/engine.ts'
import { defineResource, defineTool } from '../capabilities/definition.ts'
import type { ErrorCode } from '../error-table.ts'
import { ToolgateError } from '../errors.ts'
import type { Principal } from '../identity/principal.ts'
import { type Call, Cancellation } from './call.ts'
import { type Explanation, explainCall } from './explain-call.ts'
import { EXPLAINED_GUARDS, type ExplainedGuard } from './explain-guards.ts'
import type { RoleOptions } from './options.ts'
import { compileRules } from './rules/compile-rules.ts'
import { serveCall } from './serve-call.ts'

const roles: Readonly<Record<string, RoleOptions>> = {
  user: { scopes: [], allow: [{ name: 'get_*', readOnly: true }, { name: 'pay' }], deny: [] },
  payer: { scopes: ['crm:pay'], allow: [{ name: 'pay' }], deny: [] },
  barred: { scopes: [], allow: [{ name: '*' }], deny: [{ tag: 'secret' }] },
}
const ann = holder('ann', 'user')
const still = (): number => 1_000_000

interface Explained extends TestEngine {
  readonly executed: string[]
  explain(name: string, more?: { as?: Principal; input?: unknown; kind?: 'tool' | 'resource' }): Promise<Explanation>
  serve(name: string, as?: Principal, input?: unknown): Promise<string>
}

function start(options: TestEngineOptions = {}): Explained {
  const executed: string[] = []
  const tool = (name: string, more: object = {}, fail?: ErrorCode) =>
    defineTool({
      name,
      input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      ...more,
      run: () => {
        executed.push(name)
        if (fail !== undefined) throw new ToolgateError({ code: fail, message: 'It fails.' })
        return 'done'
      },
    })
  const tools = [
    tool('get_one', { annotations: { readOnlyHint: true } }),
    tool('get_two', { tags: ['secret'], cost: 3 }),
    tool('pay', { scopes: ['crm:pay'], timeoutMs: 1_000, annotations: { idempotentHint: true } }),
    tool('fail', {}, 'CONNECTOR_FAILED'),
    defineResource({ name: 'page', uri: 'docs://page', read: () => 'text' }),
  ]
  const test = createTestEngine(tools, { roles, clock: still, ...options })
  const { guards } = test.engine
  return {
    ...test,
    executed,
    explain: (name, { as = ann, input = { id: '1' }, kind = 'tool' } = {}) =>
      explainCall(guards, { principal: as, kind, name, input }),
    serve: async (name, as = ann, input = { id: '1' }) => {
      const outcome = await serveCall(guards, callOf(test, { name, principal: as, input }))
      return outcome.status === 'error' ? outcome.error.code : outcome.status
    },
  }
}

function callOf({ engine }: TestEngine, more: Pick<Call, 'name' | 'principal' | 'input'>): Call {
  return {
    id: 'call-1',
    kind: 'tool',
    method: 'tools/call',
    era: 'modern',
    transport: 'http',
    meta: {},
    client: { capabilities: {} },
    inputs: {},
    state: undefined,
    completion: undefined,
    cancellation: new Cancellation(),
    channel: { report: () => {}, log: () => {}, closeStream: () => {} },
    notify: engine.notifier,
    ...more,
  }
}

const refusing = ({ guards }: Explanation): unknown =>
  guards.filter(({ verdict }) => verdict === 'refuses').map(({ guard, code }) => `${guard} ${code}`)
const says = ({ guards }: Explanation, wanted: ExplainedGuard): string | undefined =>
  guards.find(({ guard }) => guard === wanted)?.says

it('the guards that are explained are those that a call passes, in their order', () => {
  const source = readFileSync(new URL('./serve-call.ts', import.meta.url), 'utf8')
  const body = (name: string): string => source.split(`function ${name}(`)[1]?.split('\n}\n')[0] ?? ''
  const [before = '', after = ''] = body('passGuards').split('guards.recall.serve(')
  const text = `${before} recall.serve( ${body('executeCall')} ${after} ${body('serveCall').split('passGuards')[1]}`
  const imported = [...source.matchAll(/^import \{(.+)\} from '\.\//gm)].flatMap(([, names = '']) => names.split(','))
  const steps = imported.map((name) => name.trim()).filter((name) => /^[a-z]/.test(name) && !name.startsWith('type '))
  const called = [...text.matchAll(/([\w.]+)\(/g)].map(([, name = '']) => name)
  // These two do not decide: the one measures, the other does for errors what is explained for results.
  const aside = ['since', 'sanitizeError']
  const passed = called.filter((name) => (steps.includes(name) && !aside.includes(name)) || name === 'recall.serve')
  expect(passed).toEqual([...new Set(EXPLAINED_GUARDS.map(({ step }) => step))])
})

it('a call that would pass is explained guard by guard, with where each limit is said', async () => {
  const limits = { rules: [{ select: { name: 'pay' }, callsPerMinute: 5, concurrency: 1, maxResultBytes: 99 }] }
  const sanitize = { personal: [{ select: { name: 'pay' }, kinds: ['email' as const], action: 'hash' as const }] }
  const test = start({ limits, sanitize, levels: [{ name: 'pay', level: 'full' }] })
  const explained = await test.explain('pay', { as: holder('ann', 'user', 'payer') })
  expect(explained.decision).toMatchObject({ decision: 'permit', scopesNeeded: ['crm:pay'] })
  expect(new Set(explained.guards.map(({ verdict }) => verdict))).toEqual(new Set(['passes']))
  expect(Object.fromEntries(explained.guards.map((each) => [each.guard, each.says]))).toMatchObject({
    rate: '100000 calls a minute, 100000 at once (limits)',
    decision: 'role user: allow name pay',
    use: 'costs 1 of the calls a minute (limits); 5 a minute of this, 5 at once (limits.rules[0])',
    concurrency: '100 at once of the principal (limits), 1 of this (limits.rules[0])',
    idempotency: 'the same call within 10 s is answered as before; with an `idempotencyKey` once in 3600 s',
    audit: 'level full, strict: recorded before it runs',
    deadline: '1 s (the tool), 300 s at most with progress',
    size: '99 bytes (limits.rules[0])',
    sanitize: 'secrets masked; personal data: email (hash)',
  })
})

it('explaining executes, takes and records nothing', async () => {
  const test = start({ limits: { callsPerMinute: 1, burst: 1, maxConcurrent: 1 } })
  for (let count = 0; count < 5; count += 1) expect(refusing(await test.explain('get_one'))).toEqual([])
  expect([test.executed, test.events, test.observed]).toEqual([[], [], []])
  expect(test.engine.guards.breakers.states()).toEqual([])
  expect(test.engine.guards.gate.running).toBe(0)
  expect(await test.serve('get_one')).toBe('ok')
})

it.each([
  ['get_one', 'user'],
  ['get_two', 'user'],
  ['get_two', 'barred'],
  ['pay', 'user'],
  ['pay', 'payer'],
  ['nothing', 'user'],
  ['get_one', 'nobody'],
])('the decision on %s for %s is, member by member, that of its record', async (name, role) => {
  const test = start()
  const as = holder('ann', role)
  const { decision } = await test.explain(name, { as })
  await test.serve(name, as)
  const { decision: word, rule, policy, scopesNeeded, missing, reason } = test.records.at(-1) ?? {}
  expect(decision).toEqual(JSON.parse(JSON.stringify({ decision: word, rule, policy, scopesNeeded, missing, reason })))
})

it('a rate that is used up refuses first, and what it is set to is said behind it', async () => {
  const test = start({ limits: { callsPerMinute: 1, burst: 1 } })
  await test.serve('get_one')
  const explained = await test.explain('get_one')
  expect(refusing(explained)).toEqual(['rate RATE_LIMITED'])
  expect(says(explained, 'rate')).toBe('1 calls a minute, 1 at once (limits); used up for 60 s')
  expect(explained.decision).toMatchObject({ decision: 'deny', rule: 'RATE_LIMITED' })
  expect(refusing(await test.explain('get_one', { as: { ...ann, kind: 'local' } }))).toEqual([])
})

it('the rate of a tool and its cost refuse', async () => {
  const ruled = start({ limits: { rules: [{ select: { name: 'get_one' }, callsPerMinute: 1 }] } })
  await ruled.serve('get_one')
  expect(refusing(await ruled.explain('get_one'))).toEqual(['use RATE_LIMITED'])
  const dear = start({
    limits: { callsPerMinute: 3, burst: 3 },
    roles: { user: { scopes: [], allow: [{ name: '*' }], deny: [] } },
  })
  await dear.serve('get_one')
  expect(refusing(await dear.explain('get_two'))).toEqual(['use RATE_LIMITED'])
  expect(await dear.serve('get_two')).toBe('RATE_LIMITED')
})

it('what is hidden is told from what there is not, and what would have to change is named', async () => {
  const test = start()
  expect(refusing(await test.explain('nothing'))).toEqual(['lookup CAPABILITY_NOT_FOUND'])
  const near = await test.explain('get_two')
  expect(refusing(near)).toEqual(['decision CAPABILITY_NOT_FOUND'])
  expect(near.toPermit).toEqual([
    '`allow name get_*, readOnly true` of role user would select it but for `readOnly true`',
    'let role user allow it',
  ])
  const barred = await test.explain('get_two', { as: holder('bob', 'barred') })
  expect(barred.toPermit).toEqual(['take `deny tag secret` out of role barred: it overrides whatever allows it'])
  const nobody = await test.explain('pay', { as: holder('bob', 'gone') })
  expect(nobody.toPermit).toEqual([
    'configure the role gone: it is held, but there is none',
    'let a role of the principal allow it',
    'let a role of the principal grant the scope crm:pay',
    'or give the role payer too, which is enough',
  ])
  const scope = await test.explain('pay')
  expect(refusing(scope)).toEqual(['decision FORBIDDEN'])
  expect(scope.toPermit).toEqual([
    'let role user grant the scope crm:pay',
    'or give the role payer too, which is enough',
  ])
})

it.each([
  ['oauth', 'INSUFFICIENT_SCOPE'],
  ['api-key', 'FORBIDDEN'],
] as const)(
  'a credential (%s) without the scope is refused with %s, and what it lacks is named',
  async (kind, code) => {
    const test = start()
    const limited: Principal = { ...ann, kind, roles: ['user'], scopes: ['test:write'] }
    const explained = await test.explain('get_one', { as: limited })
    expect(refusing(explained)).toEqual([`decision ${code}`])
    expect(explained.decision).toMatchObject({
      reason: 'credential',
      scopesNeeded: ['test:read'],
      missing: ['test:read'],
    })
    expect(explained.toPermit).toEqual(['give the credential the scope test:read'])
    expect(await test.serve('get_one', limited)).toBe(code)
    expect(test.executed).toEqual([])
  },
)

it('a rule that denies the arguments refuses with what it says, and stands in the record; one over the caller hides', async () => {
  const rules = await compileRules([
    { name: 'small', select: { name: 'get_*' }, deny: 'size(args.id) > 3', message: 'Short ids only.' },
    { name: 'eu', select: { name: 'pay' }, require: 'principal.claims.region == "eu"' },
  ])
  const test = start({ rules })
  const payer = holder('pat', 'payer')
  const small = await test.explain('get_one', { input: { id: '1234' } })
  expect(refusing(small)).toEqual(['rules FORBIDDEN'])
  expect(small.decision).toMatchObject({ decision: 'deny', reason: 'rule', rule: 'rule small' })
  expect(small.toPermit).toEqual(['let rule small permit it'])
  expect(await test.serve('get_one', ann, { id: '1234' })).toBe('FORBIDDEN')
  expect(test.records.at(-1)).toMatchObject({ decision: 'deny', reason: 'rule', rule: 'rule small', status: 'denied' })
  expect(await test.serve('get_one', ann, { id: '123' })).toBe('ok')
  const hidden = await test.explain('pay', { as: payer })
  expect(refusing(hidden)).toEqual(['decision CAPABILITY_NOT_FOUND'])
  expect(hidden.decision).toMatchObject({ reason: 'hidden', rule: 'rule eu (cannot be evaluated)' })
  expect(await test.serve('pay', { ...payer, claims: { region: 'eu' } })).toBe('ok')
  expect(test.executed).toEqual(['get_one', 'pay'])
})

it('an open breaker refuses, and stays as it is', async () => {
  const all = { user: { scopes: [], allow: [{ name: '*' }], deny: [] } }
  const test = start({ roles: all, limits: { breaker: { failures: 1, windowMs: 1_000, openMs: 5_000, probes: 1 } } })
  await test.serve('fail')
  const explained = await test.explain('get_one')
  expect(refusing(explained)).toEqual(['breaker CONNECTOR_UNAVAILABLE'])
  expect(test.engine.guards.breakers.states()).toEqual([{ connector: 'test', state: 'open' }])
})

it('arguments that do not fit are named', async () => {
  const test = start()
  const explained = await test.explain('get_one', { input: {} })
  expect(refusing(explained)).toEqual(['input INVALID_INPUT'])
  expect(says(explained, 'input')).toContain('`id`')
  expect(explained.decision.decision).toBe('permit')
})

it('a trail that cannot be written refuses in strict mode', async () => {
  const test = start()
  Object.defineProperty(test.audit, 'isWritable', { value: false })
  expect(refusing(await test.explain('get_one'))).toEqual(['audit AUDIT_UNAVAILABLE'])
})

it('a place that is taken lets a call wait', async () => {
  const test = start({ limits: { maxConcurrent: 1 } })
  const entrant = { principal: 'x', principalMax: 1, capability: 'y', capabilityMax: undefined }
  await test.engine.guards.gate.enter({ ...entrant, cancellation: new Cancellation() })
  const explained = await test.explain('get_one')
  expect(refusing(explained)).toEqual([])
  expect(says(explained, 'concurrency')).toContain('all are taken (all), so it would wait')
})

it('a resource is explained by its URI', async () => {
  const test = start({ roles: { user: { scopes: [], allow: [{ name: 'docs://*' }], deny: [] } } })
  const explained = await test.explain('docs://page', { kind: 'resource' })
  expect(refusing(explained)).toEqual([])
  expect(explained.decision.rule).toBe('role user: allow name docs://*')
})
