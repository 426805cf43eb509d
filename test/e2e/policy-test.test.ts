import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeFolder, runCli } from './cli-process.ts'

const folder = makeFolder()
const cwd = folder.path
afterAll(() => folder.remove())

const TOOLS = `import { defineTool } from 'toolgate'
import { z } from 'zod'
export const get = defineTool({ name: 'get', annotations: { readOnlyHint: true }, input: z.object({ region: z.string() }), run: () => { throw new Error('ran') } })
export const pay = defineTool({ name: 'pay', scopes: ['billing:pay'], run: () => '' })
export const admin = defineTool({ name: 'admin', run: () => '' })
`
const CONFIG = `name: shop
version: 1.0.0
connectors: [{ name: crm, type: typescript, path: ./tools.ts }]
access:
  roles:
    clerk: { allow: [{ name: get }, { name: pay }] }
    boss: { allow: [{ name: '*' }], scopes: ['billing:pay'] }
  rules:
    - { name: own-region, select: { name: get }, require: args.region == principal.claims.region }
    - { name: acme-only, select: { name: admin }, require: principal.tenant == "acme" }
`
writeFileSync(join(cwd, 'tools.ts'), TOOLS)
writeFileSync(join(cwd, 'toolgate.yaml'), CONFIG)

const CASES = `cases:
  - { as: { who: clerk, claims: { region: eu } }, tool: get, args: { region: eu }, expect: permit }
  - { as: { who: clerk, claims: { region: eu } }, tool: get, args: { region: us }, expect: deny, rule: own-region }
  - { as: { who: clerk, scopes: ['crm:write'] }, tool: get, args: { region: eu }, expect: insufficient_scope }
  - { as: clerk, tool: pay, expect: deny }
  - { as: clerk, tool: admin, expect: hidden }
  - { as: { who: [clerk, boss], tenant: acme }, tool: admin, expect: permit }
  - { as: boss, tool: admin, expect: hidden, rule: acme-only (cannot be evaluated) }
`
const test = async (cases: string, ...words: string[]): ReturnType<typeof runCli> => {
  writeFileSync(join(cwd, 'policy.yaml'), cases)
  return runCli(['policy', 'test', 'policy.yaml', ...words], { cwd })
}

it('says that every case is decided as expected', async () => {
  expect(await test(CASES)).toEqual({ code: 0, out: '7 cases, all as expected\n', err: '' })
})

it('prints what is decided otherwise, where it stands and by which rule; exit code 1', async () => {
  const { code, out } = await test(`cases:
  - { as: { who: clerk, claims: { region: eu } }, tool: get, args: { region: us }, expect: permit }
  - { name: no admin, as: clerk, tool: admin, expect: deny }
  - { as: { who: clerk, claims: { region: eu } }, tool: get, args: { region: us }, expect: deny, rule: acme-only }
  - { as: clerk, tool: pay, expect: deny }
`)
  expect(code).toBe(1)
  expect(out.split('\n')).toEqual([
    'policy.yaml:2  role clerk, claim region=eu calls tool get: expected permit, but it is deny by rule own-region',
    'policy.yaml:3  no admin (role clerk calls tool admin): expected deny, but it is hidden by no role allows it',
    'policy.yaml:4  role clerk, claim region=eu calls tool get: expected deny, and it is deny by rule own-region; expected to be decided by acme-only',
    '4 cases, 3 not as expected',
    '',
  ])
})

it('fails for what there is not, whatever is expected, and for arguments that fit no schema', async () => {
  const { code, out } = await test(`cases:
  - { as: clark, tool: get, expect: hidden }
  - { as: clerk, tool: gett, expect: hidden }
  - { as: { who: clerk, claims: { region: eu } }, tool: get, args: { wrong: 1 }, expect: permit }
`)
  expect(code).toBe(1)
  expect(out).toContain('There is no role and no key `clark`. Did you mean `clerk`?')
  expect(out).toContain('there is no tool gett. Did you mean `get`?')
  expect(out).toMatch(/policy.yaml:4 .*the arguments do not fit/)
  expect(out).toContain('3 cases, 3 not as expected')
})

it('prints JSON', async () => {
  const { code, out } = await test(`cases: [{ as: clerk, tool: pay, expect: permit }]`, '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({
    cases: [{ at: 'policy.yaml:1', expected: 'permit', verdict: 'deny', rule: 'role clerk: allow name pay' }],
    passed: 0,
    failed: 1,
  })
})

it.each([
  ['cases: []', /cases/],
  ['cases: [{ as: clerk, tool: get, expect: permitt }]', /Did you mean permit\?/],
  ['cases: [{ as: clerk, tol: get, expect: permit }]', /tol is not known.*Did you mean tool\?/],
  ['cases: [{ as: clerk, tool: get, prompt: get, expect: permit }]', /one of tool, resource and prompt/],
  ['cases: [{ as: { who: clerk, tenent: a }, tool: get, expect: permit }]', /Did you mean tenant\?/],
  ['cases: [{ as: clerk, resource: "a:b", args: { a: 1 }, expect: permit }]', /no arguments/],
  ['cases: [{ as: 5, tool: get, expect: permit }]', /a role, a key/],
  ['cases: [', /indentation/],
])('lists the mistakes of a table and where they stand: %s', async (cases, problem) => {
  const { code, err } = await test(cases)
  expect([code, err]).toEqual([3, expect.stringMatching(problem)])
  expect(err).toContain('policy.yaml')
})

it('explains the same for a credential as it is described', async () => {
  const explain = (...words: string[]) => runCli(['explain', '--as', 'clerk', '--tool', 'get', ...words], { cwd })
  const args = ['--args', '{"region":"eu"}']
  const own = await explain(...args, '--claim', 'region=eu', '--tenant', 'acme')
  expect([own.code, own.out]).toEqual([0, expect.stringContaining('as role clerk, tenant acme, claim region=eu')])
  const foreign = await explain(...args, '--claim', 'region=us')
  expect([foreign.code, foreign.out]).toEqual([4, expect.stringMatching(/^denied: rule own-region/)])
  const limited = await explain(...args, '--claim', 'region=eu', '--scope', 'crm:write', '--kind', 'oauth')
  expect([limited.code, limited.out]).toEqual([4, expect.stringContaining('crm:read')])
  expect((await explain('--claim', 'region')).code).toBe(2)
  expect((await explain('--kind', 'jwt')).code).toBe(2)
})

it('the example of the quickstart holds', async () => {
  const quickstart = new URL('../../examples/quickstart/', import.meta.url).pathname
  expect(readFileSync(join(quickstart, 'policy.yaml'), 'utf8')).toContain('insufficient_scope')
  const { execFileSync } = await import('node:child_process')
  execFileSync(process.execPath, [join(quickstart, 'data/make-sqlite.mjs')])
  const { code, out } = await runCli(['policy', 'test', 'policy.yaml'], { cwd: quickstart })
  expect([code, out]).toEqual([0, '4 cases, all as expected\n'])
})
