import { createHmac, createPublicKey } from 'node:crypto'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeKey, type NamedKey, sign, startIssuer, type TestIssuer } from '../../../test/oauth/test-issuer.ts'
import type { Observation } from '../../observe/observation.ts'
import { createMemoryReplayStore } from '../../storage/memory/replay-store.ts'
import { authenticatorSuite } from '../../testkit/authenticator-suite.ts'
import { type Authentication, isRefusal } from '../authenticator.ts'
import type { Credentials } from '../credentials.ts'
import type { Principal } from '../principal.ts'
import { type OAuth, openOAuth } from './open-oauth.ts'
import { type IssuerOptions, oauthOptions } from './options.ts'

const RESOURCE = 'https://mcp.example.com/mcp'
const NOW = Date.parse('2026-11-23T08:00:00Z')
const seconds = NOW / 1000

let key: NamedKey
let stranger: NamedKey
let issuer: TestIssuer
let now = NOW
const seen: Observation[] = []
const closing = new AbortController()

beforeAll(async () => {
  key = await makeKey('one')
  stranger = await makeKey('one')
})
beforeEach(async () => {
  now = NOW
  seen.length = 0
  issuer = await startIssuer([key])
})
afterEach(() => issuer.close())

function open(options: Partial<IssuerOptions> = {}, more: readonly object[] = []): OAuth {
  const issuers = [{ issuer: issuer.url, ...options }, ...more]
  return openOAuth({
    replays: createMemoryReplayStore(() => now),
    ...{ options: oauthOptions.parse({ issuers, scopes: ['crm:read', 'offline_access'] }), path: '/mcp', name: 'crm' },
    ...{ roleNames: ['reader', 'admin'], publicUrl: () => 'https://mcp.example.com', nonceKey: new Uint8Array(32) },
    ...{ clock: () => now, observer: (one: Observation) => void seen.push(one), signal: closing.signal },
  })
}

const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...{ iss: issuer.url, aud: RESOURCE, sub: 'ada', client_id: 'app', scope: 'crm:read crm:write' },
  ...{ iat: seconds - 10, exp: seconds + 300, jti: 'x' },
  ...more,
})

const credentials = (token: string, more: Partial<Credentials> = {}): Credentials => ({
  ...{ authorization: [token], query: '', address: '192.0.2.1', method: 'POST', path: '/mcp' },
  rawHeaders: ['Authorization', token],
  ...more,
})

const ask = async (oauth: OAuth, token: string, more: Partial<Credentials> = {}): Promise<Authentication> =>
  oauth.authenticator.authenticate(credentials(`Bearer ${token}`, more))

async function letIn(oauth: OAuth, token: string, more: Partial<Credentials> = {}): Promise<Principal> {
  const answer = await ask(oauth, token, more)
  if (answer === undefined || isRefusal(answer)) throw new Error(`refused: ${answer?.reason}`)
  return answer
}

async function reasonFor(oauth: OAuth, token: string, more: Partial<Credentials> = {}): Promise<string> {
  const answer = await ask(oauth, token, more)
  return answer !== undefined && isRefusal(answer) ? answer.reason : 'let in'
}

describe('the contract', () => {
  for (const { name, run } of authenticatorSuite(async () => ({
    authenticator: open().authenticator,
    valid: `Bearer ${await sign(key, claims())}`,
    wrong: [
      `Bearer ${await sign(stranger, claims())}`,
      `Bearer ${await sign(key, claims({ aud: 'other' }))}`,
      'Bearer opaque',
    ],
  }))) {
    it(name, run)
  }
})

describe('an access token', () => {
  it('becomes a principal with the subject, the client and the scopes that it states', async () => {
    expect(await letIn(open(), await sign(key, claims()))).toEqual({
      ...{ id: `oauth:${issuer.url}:ada`, name: 'ada', kind: 'oauth', user: 'ada', clientId: 'app', roles: [] },
      ...{ scopes: ['crm:read', 'crm:write'], expiresAt: (seconds + 300) * 1000 },
    })
  })

  it('is answered at once when it was verified a moment ago', async () => {
    const oauth = open()
    const token = await sign(key, claims())
    const first = await letIn(oauth, token)
    expect(oauth.authenticator.authenticate(credentials(`Bearer ${token}`))).toBe(first)
  })

  it('has an id in which no subject can pass for one of another issuer', async () => {
    const { id } = await letIn(open(), await sign(key, claims({ sub: '8080:ada' })))
    expect(id).toBe(`oauth:${issuer.url}:8080%3Aada`)
  })

  it('has no person behind it when the client is its own subject', async () => {
    expect(await letIn(open(), await sign(key, claims({ sub: 'app' })))).not.toHaveProperty('user')
  })

  it('counts until it expires, and within the tolerance after that', async () => {
    const oauth = open()
    const token = await sign(key, claims({ exp: seconds + 10 }))
    await letIn(oauth, token)
    now += 39_000
    await letIn(oauth, token)
    now += 2_000
    expect(await reasonFor(oauth, token)).toBe('access token (expired)')
  })

  it('may name several audiences, and its type with application/ before it', async () => {
    await letIn(open(), await sign(key, claims({ aud: ['other', RESOURCE] }), { typ: 'application/AT+jwt' }))
  })
})

describe('a forged or foreign token', () => {
  const attacks: Record<string, () => Promise<string> | string> = {
    'with alg none': () => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims())}.AA`,
    'signed with the public key as a secret': () => withHmac(key),
    'with its own key in the header': () => sign(stranger, claims(), { jwk: stranger.publicJwk }),
    'with a URL of its own keys': () => sign(stranger, claims(), { jku: `${issuer.url}/evil`, kid: 'two' }),
    'with a URL of its own certificate': () => sign(stranger, claims(), { x5u: `${issuer.url}/evil` }),
    'signed by a stranger with a known kid': () => sign(stranger, claims()),
    'with a kid that is no text': () => sign(key, claims(), { kid: { toString: 'one' } as unknown as string }),
    'with a kid that is a path': () => sign(stranger, claims(), { kid: '../../../dev/null' }),
    'with a kid of a prototype': () => sign(stranger, claims(), { kid: '__proto__' }),
    'with an overlong kid': () => sign(key, claims(), { kid: 'x'.repeat(600) }),
    'with critical parameters': () => withHeader({ crit: ['exp'], exp: 1 }),
    'of the type of an ID token': () => sign(key, claims(), { typ: 'JWT' }),
    'without a type': () => sign(key, claims(), { typ: undefined }),
    'of a type that is a list': () => withHeader({ typ: ['at+jwt'] }),
    'with the hash of an ID token': () => sign(key, claims({ at_hash: 'x' })),
    'without an audience': () => sign(key, without('aud')),
    'for another audience': () => sign(key, claims({ aud: 'https://mcp.example.com/other' })),
    'for a prefix of the audience': () => sign(key, claims({ aud: 'https://mcp.example.com' })),
    'for the audience with a slash': () => sign(key, claims({ aud: `${RESOURCE}/` })),
    'for an audience with a wrong one inside': () => sign(key, claims({ aud: [RESOURCE, 7] })),
    'of another issuer': () => sign(key, claims({ iss: 'https://evil.example' })),
    'of the issuer with a slash': () => sign(key, claims({ iss: `${issuer.url}/` })),
    'of a list of issuers': () => sign(key, claims({ iss: [issuer.url] })),
    'without an issuer': () => sign(key, without('iss')),
    'without exp': () => sign(key, without('exp')),
    'without iat': () => sign(key, without('iat')),
    'without a subject': () => sign(key, without('sub')),
    'without a client': () => sign(key, without('client_id')),
    'with an empty subject': () => sign(key, claims({ sub: '' })),
    'with a subject that is an object': () => sign(key, claims({ sub: { id: 1 } })),
    'with line breaks in the subject': () => sign(key, claims({ sub: 'ada\nadmin' })),
    'with half a letter in the subject': () => sign(key, claims({ sub: '\ud800' })),
    expired: () => sign(key, claims({ exp: seconds - 31 })),
    'with exp as text': () => sign(key, claims({ exp: `${seconds + 300}` })),
    'with exp in milliseconds': () => sign(key, claims({ exp: NOW + 300_000 })),
    'issued in the future': () => sign(key, claims({ iat: seconds + 60 })),
    'not valid yet': () => sign(key, claims({ nbf: seconds + 60 })),
    'issued too long ago': () => sign(key, claims({ iat: seconds - 90_000 })),
    'with scopes that are an object': () => sign(key, claims({ scope: { 'crm:read': true } })),
    'bound in an unknown way': () => sign(key, claims({ cnf: { kid: 'x' } })),
    'bound to nothing': () => sign(key, claims({ cnf: {} })),
    'that is longer than 8 KiB': () => sign(key, claims({ more: 'x'.repeat(8_000) })),
    'of five parts': async () => `${await sign(key, claims())}.a.b`,
    'with a list as payload': () => `${part({ alg: 'RS256', typ: 'at+jwt' })}.${part([] as never)}.AA`,
    'that is opaque, where no issuer is asked': () => 'opaque',
  }
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const without = (name: string): Record<string, unknown> => {
    const { [name]: _, ...rest } = claims()
    return rest
  }
  const withHeader = async (header: object): Promise<string> => {
    const [, payload, signature] = (await sign(key, claims())).split('.')
    return `${part({ alg: 'RS256', kid: 'one', typ: 'at+jwt', ...header })}.${payload}.${signature}`
  }
  const withHmac = (from: NamedKey): string => {
    const secret = createPublicKey({ key: from.publicJwk as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    const signed = `${part({ alg: 'HS256', kid: 'one', typ: 'at+jwt' })}.${part(claims())}`
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }

  for (const [name, make] of Object.entries(attacks)) {
    it(`${name} is refused like every other`, async () => {
      const oauth = open()
      const answer = await ask(oauth, await make())
      const other = await ask(oauth, await sign(stranger, claims()))
      if (answer === undefined || !isRefusal(answer)) throw new Error('let in')
      expect({ ...answer, reason: '' }).toEqual({ ...(other as object), reason: '' })
      expect(answer.challenge).toBe(
        'Bearer realm="toolgate", error="invalid_token", scope="crm:read offline_access", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"',
      )
      expect(issuer.asked).not.toContain('/evil')
    })
  }

  it('does not get in by any of 2,000 mutations of one that does', async () => {
    const oauth = open()
    const token = await sign(key, claims())
    await letIn(oauth, token)
    let random = 20261123
    const next = (below: number): number => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0
      return random % below
    }
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
    let accepted = 0
    for (let count = 0; count < 2_000; count += 1) {
      const at = next(token.length)
      const cut = next(3)
      const letter = letters.charAt(next(letters.length))
      const changed = token.slice(0, at) + (cut === 0 ? '' : letter) + token.slice(cut === 1 ? at : at + 1)
      if (changed === token) continue
      if ((await reasonFor(oauth, changed, { address: `10.0.${count % 200}.${count % 7}` })) === 'let in') accepted += 1
    }
    expect(accepted).toBe(0)
  })
})

describe('a flood of wrong tokens', () => {
  it('from an address does not keep a right one out, and is told to wait', async () => {
    const oauth = open()
    const token = await sign(key, claims())
    for (let count = 0; count < 30; count += 1) await ask(oauth, await sign(stranger, claims({ jti: `${count}` })))
    const flood = await Promise.all(Array.from({ length: 40 }, (_, jti) => sign(stranger, claims({ jti: `f${jti}` }))))
    const reasons = await Promise.all(flood.map((wrong) => reasonFor(oauth, wrong)))
    expect(reasons.filter((reason) => reason.includes('jose:')).length).toBeLessThanOrEqual(2)
    expect(await ask(oauth, await sign(stranger, claims()))).toMatchObject({ error: { code: 'RATE_LIMITED' } })
    await letIn(oauth, token)
  })
})

describe('claims', () => {
  const mapped = {
    claims: { roles: 'realm.access.roles', tenant: ['https://example.com/tenant'], further: { team: 'team' } },
  }
  const nested = { realm: { access: { roles: ['reader', 'unknown', '__proto__', 'constructor'] } } }
  const all = { ...nested, 'https://example.com/tenant': 'acme', team: ['a', 'b'] }

  it('are found in nested objects and under names with dots; unknown roles mean nothing', async () => {
    const principal = await letIn(open(mapped), await sign(key, claims(all)))
    expect(principal).toMatchObject({ roles: ['reader'], tenant: 'acme' })
    expect({ ...principal.claims }).toEqual({ team: ['a', 'b'] })
  })

  it('become other roles where the configuration says so', async () => {
    const oauth = open({ ...mapped, roles: { reader: ['admin'] }, defaultRoles: ['reader'] })
    expect((await letIn(oauth, await sign(key, claims(all)))).roles).toEqual(['reader', 'admin'])
  })

  it('without the tenant that is configured refuse the token', async () => {
    expect(await reasonFor(open(mapped), await sign(key, claims(nested)))).toBe('access token (no tenant)')
  })

  it.each([
    ['an object', { realm: { access: { roles: { reader: true } } } }],
    ['a number inside', { realm: { access: { roles: ['reader', 1] } } }],
    ['too many', { realm: { access: { roles: Array.from({ length: 300 }, () => 'reader') } } }],
  ])('with roles that are %s refuse the token', async (_, wrong) => {
    expect(await reasonFor(open(mapped), await sign(key, claims({ ...all, ...wrong })))).toContain('the roles are')
  })

  it('of a list are not walked into', async () => {
    const principal = await letIn(
      open(mapped),
      await sign(key, claims({ ...all, realm: [{ access: { roles: ['admin'] } }] })),
    )
    expect(principal.roles).toEqual([])
  })

  it('without scopes grant none; with `scopes: false` scopes do not limit', async () => {
    const { scope: _, ...rest } = claims()
    const token = await sign(key, rest)
    expect((await letIn(open(), token)).scopes).toEqual([])
    expect(await letIn(open({ claims: { scopes: false } }), token)).not.toHaveProperty('scopes')
  })
})

describe('the keys of an issuer', () => {
  it('may be replaced at any time', async () => {
    const oauth = open()
    await letIn(oauth, await sign(key, claims()))
    const next = await makeKey('two')
    issuer.keys = [next.publicJwk]
    now += 31_000
    await letIn(oauth, await sign(next, claims()))
  })

  it('that are withdrawn let nobody in after 60 seconds', async () => {
    const oauth = open()
    const token = await sign(key, claims())
    await letIn(oauth, token)
    issuer.keys = [(await makeKey('two')).publicJwk]
    now += 60_001
    expect(await reasonFor(oauth, token)).toBe('access token (no key of the issuer fits)')
  })

  it('are fetched once for everybody who comes first', async () => {
    const oauth = open()
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, jti) => sign(key, claims({ jti: `${jti}` }))))
    await Promise.all(tokens.map((token) => letIn(oauth, token)))
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/jwks'])
  })

  it('are fetched at most once in 30 seconds, however many unknown ones are named', async () => {
    const oauth = open()
    await letIn(oauth, await sign(key, claims()))
    now += 30_000
    const storm = await Promise.all(
      Array.from({ length: 200 }, (_, kid) => sign(stranger, claims(), { kid: `k${kid}` })),
    )
    await Promise.all(storm.map((token) => ask(oauth, token)))
    for (const token of storm) await ask(oauth, token)
    expect(issuer.asked.filter((path) => path === '/jwks')).toHaveLength(2)
  })

  it('count on while the issuer is down, for as long as configured', async () => {
    const oauth = open({ maxStaleKeysSeconds: 600 })
    await letIn(oauth, await sign(key, claims()))
    issuer.isDown = true
    now += 600_000
    await letIn(oauth, await sign(key, claims({ iat: now / 1000, exp: now / 1000 + 300 })))
    now += 61_000
    const answer = await ask(oauth, await sign(key, claims({ iat: now / 1000, exp: now / 1000 + 300 })))
    expect(answer).toMatchObject({ kind: 'refused', error: { code: 'ISSUER_UNAVAILABLE' } })
    expect(seen.filter(({ type }) => type === 'fault').length).toBeGreaterThan(0)
  })

  it('of an issuer that was down at first are there when it is back', async () => {
    issuer.isDown = true
    const oauth = open()
    await oauth.warmUp()
    const token = await sign(key, claims())
    expect(await ask(oauth, token)).toMatchObject({ error: { code: 'ISSUER_UNAVAILABLE' } })
    issuer.isDown = false
    now += 60_000
    await letIn(oauth, token)
    const own = seen.filter((one) => 'message' in one && one.message.includes(issuer.url))
    expect(own.map(({ type }) => type)).toEqual(['fault', 'warning'])
  })

  it.each([
    ['name another issuer', (): object => ({ ...issuer.metadata, issuer: 'https://evil.example' })],
    ['name none', (): object => ({ jwks_uri: `${issuer.url}/jwks` })],
    ['lead into the network', (): object => ({ ...issuer.metadata, jwks_uri: 'https://169.254.169.254/jwks' })],
    ['lead elsewhere without TLS', (): object => ({ ...issuer.metadata, jwks_uri: 'http://127.0.0.1:1/jwks' })],
    ['lead to a file', (): object => ({ ...issuer.metadata, jwks_uri: 'file:///etc/passwd' })],
  ])('are not taken where the metadata %s', async (_, metadata) => {
    issuer.metadata = metadata() as Record<string, unknown>
    expect(await ask(open(), await sign(key, claims()))).toMatchObject({ error: { code: 'ISSUER_UNAVAILABLE' } })
    expect(issuer.asked).not.toContain('/jwks')
  })

  it('that are secrets or private are not taken', async () => {
    issuer.keys = [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'one', alg: 'HS256' },
      { ...key.publicJwk, d: 'x' },
    ]
    expect(await ask(open(), await sign(key, claims()))).toMatchObject({ error: { code: 'ISSUER_UNAVAILABLE' } })
  })

  it('let an open stream go on as long as the token is right', async () => {
    const oauth = open()
    const principal = await letIn(oauth, await sign(key, claims()))
    expect(await oauth.authenticator.isValid?.(principal)).toBe(true)
    issuer.keys = [(await makeKey('two')).publicJwk]
    now += 60_001
    expect(await oauth.authenticator.isValid?.(principal)).toBe(false)
    expect(await open().authenticator.isValid?.(principal)).toBe(false)
  })
})
