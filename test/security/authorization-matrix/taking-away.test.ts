import { createHash, randomUUID, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Capability } from '../../../src/capabilities/capability.ts'
import { compileCapability } from '../../../src/capabilities/compile-capability.ts'
import { defineTool } from '../../../src/capabilities/definition.ts'
import type { Principal } from '../../../src/identity/principal.ts'
import { createPolicy, type Policy } from '../../../src/pipeline/authorize.ts'
import type { RoleOptions } from '../../../src/pipeline/options.ts'
import { compileRules } from '../../../src/pipeline/rules/compile-rules.ts'
import type { Issued } from '../../fixtures/certificates.ts'
import { hashOf, makeProofKey, type ProofKey, sign } from '../../oauth/test-issuer.ts'
import { type Credential, nobody } from './credentials.ts'
import { openWorld, type World } from './open-world.ts'
import { askedBy, writeRequest } from './operations.ts'
import { OPERATIONS } from './oracle.ts'

const SCOPES = ['notes:read', 'notes:write', 'notes:admin', 'notes:all', 'other']
const TENANTS = ['acme', 'globex']
const ROLES = ['a', 'b', 'c']
const TAGS = ['x', 'y']

/** Conditions as people write them. Whoever asks for the absence of something gets just that, so none of these does. */
const CONDITIONS: readonly { readonly require?: string; readonly deny?: string }[] = [
  { require: 'principal.tenant == "acme"' },
  { require: 'capability.readOnly || principal.tenant == "acme"' },
  { require: 'has(principal.tenant) && principal.tenant in ["acme", "globex"]' },
  { require: '"notes:write" in principal.scopes' },
  { require: 'principal.user == "ann"' },
  { require: 'args.tenant == principal.tenant' },
  { deny: 'principal.tenant == "globex"' },
  { deny: 'principal.tenant != "acme" && !capability.readOnly' },
  { deny: 'args.tenant != principal.tenant' },
]

const selector = fc.oneof(
  fc.constant({ name: '*' }),
  fc.constantFrom(...TAGS).map((tag) => ({ tag })),
  fc.boolean().map((readOnly) => ({ readOnly })),
)
const role: fc.Arbitrary<RoleOptions> = fc.record({
  scopes: fc.subarray(SCOPES),
  allow: fc.array(selector, { minLength: 1, maxLength: 3 }),
  deny: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(selector, { maxLength: 1 })),
})
const setting = fc.record({
  roles: fc.record({ a: role, b: role, c: role }),
  scopes: fc.constantFrom({}, { 'notes:all': { implies: ['notes:read', 'notes:write'] } }),
  rules: fc.subarray([...CONDITIONS], { maxLength: 2 }),
})
const offered = fc.record({
  scopes: fc.oneof(fc.constant<string[]>([]), fc.subarray(SCOPES, { maxLength: 2 })),
  tags: fc.subarray(TAGS),
  isReadOnly: fc.boolean(),
  roles: fc.option(fc.subarray(ROLES, { minLength: 1 }), { freq: 4 }),
})
const holder = fc.record({
  roles: fc.subarray(ROLES, { minLength: 1 }),
  tenant: fc.option(fc.constantFrom(...TENANTS), { nil: undefined, freq: 5 }),
  user: fc.option(fc.constantFrom('ann', 'ben'), { nil: undefined, freq: 5 }),
  scopes: fc.option(fc.subarray(SCOPES, { minLength: 1 }), { nil: undefined, freq: 5 }),
  argument: fc.option(fc.constantFrom(...TENANTS), { nil: undefined, freq: 5 }),
})
type Holder = typeof holder extends fc.Arbitrary<infer T> ? T : never

function toCapability({ scopes, tags, isReadOnly, roles }: typeof offered extends fc.Arbitrary<infer T> ? T : never) {
  const definition = defineTool({
    ...{ name: 'note', scopes, tags, annotations: { readOnlyHint: isReadOnly }, run: () => '' },
    ...(roles === null ? {} : { roles }),
  })
  return compileCapability(definition, { connector: 'notes', source: 'taking-away' })
}

function toPrincipal({ argument: _, ...said }: Holder): Principal {
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  return { id: 'oauth:x', name: 'x', kind: 'oauth', roles: [], ...given }
}

/**
 * Everything that a holder may lose, one thing at a time. A credential without a limit states no scopes, so a rule that asks for one
 * denies it: giving it a limit is a loss only where no rule does.
 */
function* weaker(whole: Holder, readsScopes: boolean): Generator<Holder> {
  for (const scope of whole.scopes ?? []) {
    yield { ...whole, scopes: whole.scopes?.filter((one) => one !== scope) }
  }
  if (whole.scopes === undefined && !readsScopes) yield { ...whole, scopes: SCOPES }
  if (whole.tenant !== undefined) yield { ...whole, tenant: undefined }
  if (whole.user !== undefined) yield { ...whole, user: undefined }
}

function permits(policy: Policy, whole: Holder, capability: Capability): boolean {
  const principal = toPrincipal(whole)
  const { argument } = whole
  return (
    policy.decide(principal, capability).effect === 'permit' &&
    policy.rules.ofCall(principal, capability, () => (argument === undefined ? {} : { tenant: argument })) === undefined
  )
}

describe('whoever loses a scope, its tenant or its user', () => {
  it('is permitted nothing that was denied before: 100,000 pairs', async () => {
    const settings = fc.sample(setting, { numRuns: 200, seed: 6 })
    let [pairs, denied, permitted] = [0, 0, 0]
    for (const [index, { roles, scopes, rules }] of settings.entries()) {
      const ruleOptions = rules.map((condition, at) => ({ name: `r${at}`, ...condition }))
      const policy = createPolicy({ roles, scopes, rules: await compileRules(ruleOptions), ruleOptions })
      const capabilities = fc.sample(offered, { numRuns: 4, seed: index }).map(toCapability)
      const readsScopes = rules.some(({ require = '' }) => require.includes('principal.scopes'))
      for (const whole of fc.sample(holder, { numRuns: 60, seed: index })) {
        for (const capability of capabilities) {
          const before = permits(policy, whole, capability)
          if (before) permitted += 1
          else denied += 1
          for (const less of weaker(whole, readsScopes)) {
            pairs += 1
            if (!before && permits(policy, less, capability)) {
              throw new Error(JSON.stringify({ roles, scopes, rules, whole, less, asked: capability.definition }))
            }
          }
        }
      }
    }
    process.stdout.write(`taking away: ${pairs} pairs, ${denied} denials, ${permitted} permits\n`)
    expect(pairs).toBeGreaterThan(100_000)
    // Both happen often enough to mean something.
    expect(Math.min(denied, permitted)).toBeGreaterThan(2_000)
  }, 60_000)
})

describe('over the wire, whoever loses a scope, its tenant, its role or its proof', () => {
  let world: World
  let proof: ProofKey
  beforeAll(async () => {
    world = await openWorld()
    proof = await makeProofKey()
  }, 60_000)
  afterAll(() => world?.close())

  const KINDS = ['jwt', 'dpop', 'bound'] as const
  const ASKED = OPERATIONS.filter((operation) => !/^(task|subscribe)/.test(operation))
  const WHOLE = { tenant: 'acme', roles: ['owner'], scope: 'notes:read notes:write notes:admin' }
  const LESS: Readonly<Record<string, object>> = {
    'without notes:read': { scope: 'notes:write notes:admin' },
    'without notes:write': { scope: 'notes:read notes:admin' },
    'without notes:admin': { scope: 'notes:read notes:write' },
    'without scopes': { scope: undefined },
    'without a tenant': { tenant: undefined },
    'without roles': { roles: undefined },
  }

  const bindings = (): Record<string, object> => {
    const { raw } = new X509Certificate((world.certificates.good as Issued).cert)
    const thumbprint = createHash('sha256').update(raw).digest('base64url')
    return { dpop: { jkt: proof.thumbprint }, bound: { 'x5t#S256': thumbprint } }
  }

  async function holderOf(kind: (typeof KINDS)[number], claims: object, isProved = true): Promise<Credential> {
    const { server, certificates } = world
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, exp: now + 600, jti: randomUUID() }
    const about = { iss: server.issuer.url, aud: server.url, sub: 'ann', client_id: 'app', cnf: bindings()[kind] }
    const said = { ...times, ...about, ...claims }
    const token = await sign(server.signingKey, said)
    server.activeTokens.set(token, said)
    const authorization = `${kind === 'dpop' && isProved ? 'DPoP' : 'Bearer'} ${token}`
    const headers: Credential['headers'] = async ({ method, path }) => {
      if (kind !== 'dpop' || !isProved) return { authorization }
      const htu = new URL(path, server.url).href
      const iat = Math.floor(Date.now() / 1000)
      return { authorization, dpop: await proof.prove({ htm: method, htu, iat, ath: hashOf(token) }) }
    }
    const certificate = kind === 'bound' && isProved ? certificates.good : undefined
    return { kind, state: 'good', id: '', headers, certificate }
  }

  async function permitted(credential: Credential): Promise<Set<string>> {
    const found = new Set<string>()
    for (const operation of ASKED) {
      const asked = askedBy(operation, '2026-07-28', { ownTask: '', foreignTask: '' })
      const { json } = await world.wire.post(credential, writeRequest(asked, '2026-07-28'))
      if (json.result !== undefined && json.result.isError !== true) found.add(operation)
    }
    return found
  }

  it.each(KINDS)('is permitted nothing more: %s', async (kind) => {
    const whole = await permitted(await holderOf(kind, WHOLE))
    expect(whole.size).toBeGreaterThan(10)
    for (const [what, less] of Object.entries(LESS)) {
      const left = await permitted(await holderOf(kind, { ...WHOLE, ...less }))
      expect([what, [...left].filter((operation) => !whole.has(operation))]).toEqual([what, []])
      expect([what, left.size < whole.size]).toEqual([what, true])
    }
    if (kind !== 'jwt') expect(await permitted(await holderOf(kind, WHOLE, false))).toEqual(new Set())
  })

  it('is nobody at all without its certificate or its header', async () => {
    for (const kind of ['key', 'jwt', 'dpop', 'mtls'] as const) {
      const whole = await permitted(world.credential(kind, 'good'))
      expect(whole.size).toBeGreaterThan(10)
    }
    expect(await permitted(nobody)).toEqual(new Set())
  })
})
