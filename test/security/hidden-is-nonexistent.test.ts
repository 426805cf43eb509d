import { beforeAll, describe, expect, it } from 'vitest'
import { definePrompt, defineResource, defineTool } from '../../src/capabilities/definition.ts'
import { connectInMemory, MemoryError, type MemoryPeer } from '../../src/edge/memory/connect-in-memory.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { compileRules } from '../../src/pipeline/rules/compile-rules.ts'
import { createTestEngine, holder, type TestEngine } from '../fixtures/engine.ts'

/** Names of the same length, so that one may stand in the place of the other in an answer. */
const THERE = 'secret'
const NOT_THERE = 'absent'
const STRING = { type: 'object', properties: { arg: { type: 'string' } }, additionalProperties: false } as const

const offered = (tags: readonly string[], name: string) => [
  defineTool({ name, tags, input: STRING, run: () => 'ran' }),
  defineTool({ name: `${name}_task`, tags, task: 'optional', run: () => 'ran' }),
  definePrompt({ name, tags, input: STRING, complete: { arg: () => ['ran'] }, run: () => 'ran' }),
  defineResource({ name, tags, uri: `db://${name}`, read: () => 'ran' }),
  defineResource({
    name: `${name}-rows`,
    tags,
    uriTemplate: `rows://${name}/{id}`,
    complete: { id: () => ['ran'] },
    read: () => 'ran',
  }),
]

interface Row {
  readonly what: string
  readonly method: string
  readonly params: (name: string) => Record<string, unknown>
}

const completion = (ref: object, argument: string) => ({ ref, argument: { name: argument, value: 'r' } })

const ROWS: readonly Row[] = [
  { what: 'a tool', method: 'tools/call', params: (name) => ({ name, arguments: { arg: 'x' } }) },
  { what: 'a tool with wrong arguments', method: 'tools/call', params: (name) => ({ name, arguments: { wrong: 1 } }) },
  {
    what: 'a tool that makes tasks',
    method: 'tools/call',
    params: (name) => ({ name: `${name}_task`, arguments: {} }),
  },
  { what: 'a prompt', method: 'prompts/get', params: (name) => ({ name, arguments: { arg: 'x' } }) },
  { what: 'a resource', method: 'resources/read', params: (name) => ({ uri: `db://${name}` }) },
  { what: 'a resource of a template', method: 'resources/read', params: (name) => ({ uri: `rows://${name}/7` }) },
  {
    what: 'completion for a prompt',
    method: 'completion/complete',
    params: (name) => completion({ type: 'ref/prompt', name }, 'arg'),
  },
  {
    what: 'completion for a template',
    method: 'completion/complete',
    params: (name) => completion({ type: 'ref/resource', uri: `rows://${name}/{id}` }, 'id'),
  },
]
const LEGACY_ROWS: readonly Row[] = [
  ...ROWS,
  { what: 'a subscription', method: 'resources/subscribe', params: (name) => ({ uri: `db://${name}` }) },
]

const answerOf = async (peer: MemoryPeer, method: string, params: Record<string, unknown>): Promise<string> => {
  try {
    return JSON.stringify(await peer.request(method, params))
  } catch (thrown) {
    if (!(thrown instanceof MemoryError)) throw thrown
    const { code, message, data } = thrown
    return JSON.stringify({ code, message, data })
  }
}
/** Ids of calls differ; nothing else may. */
const alike = (answer: string): string =>
  answer.replaceAll(NOT_THERE, THERE).replace(/"[\w]*[iI]d":"[0-9a-f-]{36}"/g, '"id":""')

const HIDING = [
  'denied by a role',
  'allowed by no role',
  'denied by a rule on the caller',
  'a rule that cannot be said',
] as const
const engines = new Map<(typeof HIDING)[number], TestEngine>()
const outsider: Principal = { ...holder('bob', 'user'), tenant: 'globex' }
const insider: Principal = { ...holder('ann', 'user', 'staff'), tenant: 'acme', claims: { level: 2 } }

beforeAll(async () => {
  const all = { scopes: [], allow: [{ name: '*' }], deny: [] }
  const none = { scopes: [], allow: [], deny: [] }
  const definitions = [...offered(['hidden'], THERE), ...offered([], 'shown')]
  const select = { tag: 'hidden' }
  const ofTenant = await compileRules([{ name: 'own', select, require: 'principal.tenant == "acme"' }])
  const ofClaim = await compileRules([{ name: 'level', select, deny: 'principal.claims.level < 2' }])
  engines.set(
    'denied by a role',
    createTestEngine(definitions, { roles: { user: { ...all, deny: [select] }, staff: none } }),
  )
  engines.set(
    'allowed by no role',
    createTestEngine(definitions, { roles: { user: { ...none, allow: [{ name: '*shown*' }] }, staff: all } }),
  )
  const roles = { user: all, staff: none }
  engines.set('denied by a rule on the caller', createTestEngine(definitions, { roles, rules: ofTenant }))
  engines.set('a rule that cannot be said', createTestEngine(definitions, { roles, rules: ofClaim }))
})

const connect = (hiding: (typeof HIDING)[number], as: Principal, era: 'modern' | 'legacy'): MemoryPeer =>
  connectInMemory((engines.get(hiding) as TestEngine).engine, as, { era })

describe.each(HIDING)('what is hidden (%s) is answered like what does not exist', (hiding) => {
  it.each(ROWS)('modern: $what', async ({ method, params }) => {
    const peer = connect(hiding, outsider, 'modern')
    const hidden = await answerOf(peer, method, params(THERE))
    expect(hidden).not.toContain('ran')
    expect(alike(hidden)).toBe(alike(await answerOf(peer, method, params(NOT_THERE))))
  })

  it.each(LEGACY_ROWS)('legacy: $what', async ({ method, params }) => {
    const peer = connect(hiding, outsider, 'legacy')
    const hidden = await answerOf(peer, method, params(THERE))
    expect(hidden).not.toContain('ran')
    expect(alike(hidden)).toBe(alike(await answerOf(peer, method, params(NOT_THERE))))
  })

  it.each(['modern', 'legacy'] as const)('%s: in no list', async (era) => {
    const peer = connect(hiding, outsider, era)
    for (const method of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']) {
      const list = JSON.stringify(await peer.request(method))
      expect(list).not.toContain(THERE)
      expect(list).toContain('shown')
    }
  })

  it('modern: no subscriber hears of it', async () => {
    const { engine } = engines.get(hiding) as TestEngine
    const peer = connectInMemory(engine, outsider)
    const heard: string[] = []
    peer.onNotification((method, params) => heard.push(`${method} ${JSON.stringify(params)}`))
    const resourceSubscriptions = [`db://${THERE}`, `db://${NOT_THERE}`, 'db://shown']
    const stop = new AbortController()
    const listening = peer.request(
      'subscriptions/listen',
      { notifications: { resourceSubscriptions } },
      { signal: stop.signal },
    )
    listening.catch(() => undefined)
    await expect.poll(() => heard.length).toBe(1)
    for (const uri of resourceSubscriptions) engine.notifier.resourceUpdated(uri)
    await expect.poll(() => heard.length).toBe(2)
    expect(heard[1]).toContain('db://shown')
    stop.abort()
  })
})

describe('whoever may see it', () => {
  // A role that denies, denies whoever has it.
  it.each(HIDING.filter((hiding) => hiding !== 'denied by a role'))('is served (%s)', async (hiding) => {
    for (const { method, params } of ROWS.filter(({ what }) => !what.includes('wrong'))) {
      expect(await answerOf(connect(hiding, insider, 'modern'), method, params(THERE))).toContain('ran')
    }
  })
})

describe('a rule over the URI', () => {
  it('holds for whoever listens to changes, too', async () => {
    const rules = await compileRules([{ name: 'own-row', deny: 'args.uri == "rows://shown/7"' }])
    const { engine } = createTestEngine(offered([], 'shown'), { rules })
    const modern = connectInMemory(engine, holder('ann', 'user'))
    await expect(modern.request('resources/read', { uri: 'rows://shown/7' })).rejects.toMatchObject({ code: -31403 })
    const heard: string[] = []
    modern.onNotification((_method, params) => heard.push(JSON.stringify(params)))
    const resourceSubscriptions = ['rows://shown/7', 'rows://shown/8']
    const stop = new AbortController()
    const { signal } = stop
    modern
      .request('subscriptions/listen', { notifications: { resourceSubscriptions } }, { signal })
      .catch(() => undefined)
    await expect.poll(() => heard.length).toBe(1)
    for (const uri of resourceSubscriptions) engine.notifier.resourceUpdated(uri)
    await expect.poll(() => heard.length).toBe(2)
    expect(heard[1]).toContain('rows://shown/8')
    stop.abort()
    const legacy = connectInMemory(engine, holder('ann', 'user'), { era: 'legacy' })
    await expect(legacy.request('resources/subscribe', { uri: 'rows://shown/7' })).rejects.toThrow(/Unknown resource/)
  })
})
