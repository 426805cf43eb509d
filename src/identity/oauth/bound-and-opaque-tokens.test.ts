import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  hashOf,
  makeKey,
  makeProofKey,
  type NamedKey,
  type ProofKey,
  sign,
  startIssuer,
  type TestIssuer,
} from '../../../test/oauth/test-issuer.ts'
import { createMemoryReplayStore } from '../../storage/memory/replay-store.ts'
import { type Authentication, isRefusal } from '../authenticator.ts'
import type { ClientCertificate } from '../client-certificate.ts'
import type { Credentials } from '../credentials.ts'
import { type OAuth, openOAuth } from './open-oauth.ts'
import { type IssuerOptions, oauthOptions } from './options.ts'

const RESOURCE = 'https://mcp.example.com/mcp'
const NOW = Date.parse('2026-11-23T08:00:00Z')
const seconds = NOW / 1000

let key: NamedKey
let client: ProofKey
let stranger: ProofKey
let issuer: TestIssuer
let now = NOW

beforeAll(async () => {
  key = await makeKey('one')
  client = await makeProofKey()
  stranger = await makeProofKey()
})
beforeEach(async () => {
  now = NOW
  issuer = await startIssuer([key])
})
afterEach(() => issuer.close())

function open(options: Partial<IssuerOptions> = {}): OAuth {
  return openOAuth({
    replays: createMemoryReplayStore(() => now),
    ...{ options: oauthOptions.parse({ issuers: [{ issuer: issuer.url, ...options }] }), path: '/mcp', name: 'crm' },
    ...{ roleNames: [], publicUrl: () => 'https://mcp.example.com', nonceKey: new Uint8Array(32) },
    ...{ clock: () => now, observer: () => {}, signal: new AbortController().signal },
  })
}

const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...{ iss: issuer.url, aud: RESOURCE, sub: 'ada', client_id: 'app', iat: seconds, exp: seconds + 300 },
  ...more,
})

interface Sent {
  readonly scheme?: string
  readonly proofs?: readonly string[]
  readonly certificate?: string
  readonly address?: string
}

/** As a connection has one that is trusted. */
function certificateWith(thumbprint: string): ClientCertificate {
  return { fields: { thumbprint } as ClientCertificate['fields'], findProblem: () => undefined }
}

async function ask(oauth: OAuth, token: string, sent: Sent = {}): Promise<Authentication> {
  const { scheme = 'Bearer', proofs = [], certificate, address = '192.0.2.1' } = sent
  const authorization = `${scheme} ${token}`
  const credentials: Credentials = {
    ...{ authorization: [authorization], query: '', address, method: 'POST', path: '/mcp' },
    rawHeaders: ['Authorization', authorization, ...proofs.flatMap((proof) => ['DPoP', proof])],
    ...(certificate === undefined ? {} : { certificate: certificateWith(certificate) }),
  }
  return oauth.authenticator.authenticate(credentials)
}

async function outcome(oauth: OAuth, token: string, sent: Sent = {}): Promise<string> {
  const answer = await ask(oauth, token, sent)
  return answer !== undefined && isRefusal(answer) ? answer.reason.replace(/^access token \((.*)\)$/, '$1') : 'let in'
}

describe('a token bound to a key (RFC 9449)', () => {
  let token: string
  beforeEach(async () => {
    token = await sign(key, claims({ cnf: { jkt: client.thumbprint } }))
  })
  const proof = (
    more: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    by = client,
  ): Promise<string> => by.prove({ htm: 'POST', htu: RESOURCE, iat: now / 1000, ath: hashOf(token), ...more }, header)
  const dpop = async (oauth: OAuth, ...proofs: string[]): Promise<string> =>
    outcome(oauth, token, { scheme: 'DPoP', proofs })

  it('gets in with a proof, and not twice with the same', async () => {
    const oauth = open()
    const once = await proof()
    expect(await dpop(oauth, once)).toBe('let in')
    expect(await dpop(oauth, once)).toBe('the proof was used before')
    expect(await dpop(oauth, await proof())).toBe('let in')
  })

  it('lets one of two through that use one proof at the same time', async () => {
    const oauth = open()
    const once = await proof()
    expect((await Promise.all([dpop(oauth, once), dpop(oauth, once)])).sort()).toEqual([
      'let in',
      'the proof was used before',
    ])
  })

  it('is worth nothing without its proof, under any scheme', async () => {
    const oauth = open()
    expect(await outcome(oauth, token)).toContain('without a proof')
    expect(await outcome(oauth, token, { proofs: [await proof()] })).toContain('without a proof')
    expect(await dpop(oauth)).toBe('not exactly one proof')
    expect(await dpop(oauth, await proof(), await proof())).toBe('not exactly one proof')
    expect(await outcome(open({ dpop: 'off' }), token, { scheme: 'DPoP', proofs: [await proof()] })).toContain(
      'without',
    )
  })

  const attacks: Record<string, () => Promise<string>> = {
    'for another method': () => proof({ htm: 'GET' }),
    'for a method in small letters': () => proof({ htm: 'post' }),
    'for another path': () => proof({ htu: 'https://mcp.example.com/other' }),
    'for another host': () => proof({ htu: 'https://evil.example/mcp' }),
    'for another scheme': () => proof({ htu: 'http://mcp.example.com/mcp' }),
    'for no URL': () => proof({ htu: 'x' }),
    'for another token': () => proof({ ath: hashOf('x') }),
    'for no token': () => proof({ ath: undefined }),
    'that is old': () => proof({ iat: now / 1000 - 91 }),
    'of the future': () => proof({ iat: now / 1000 + 31 }),
    'without a time': () => proof({ iat: undefined }),
    'without a jti': () => proof({ jti: '' }),
    'with an overlong jti': () => proof({ jti: 'x'.repeat(257) }),
    'of another type': () => proof({}, { typ: 'JWT' }),
    'by another key': () => proof({}, {}, stranger),
    'that is none': async () => 'a.b.c',
    'that is overlong': () => proof({ more: 'x'.repeat(4_000) }),
  }
  for (const [name, make] of Object.entries(attacks)) {
    it(`is refused with a proof ${name}`, async () => {
      expect(await dpop(open(), await make())).not.toBe('let in')
    })
  }

  it('takes a URL in another spelling, with a query', async () => {
    expect(await dpop(open(), await proof({ htu: 'HTTPS://MCP.example.com:443/mcp?x=1#y' }))).toBe('let in')
  })

  it('is refused with a private key in the proof', async () => {
    const other = await makeProofKey()
    const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }
    expect(await dpop(open(), await other.prove({ htm: 'POST' }, { jwk }))).toBe('the key of the proof is not public')
  })

  it('does not get in by any of 2,000 mutations of a proof', async () => {
    const oauth = open()
    const once = await proof()
    let random = 9449
    const next = (below: number): number => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0
      return random % below
    }
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
    let accepted = 0
    for (let count = 0; count < 2_000; count += 1) {
      const at = next(once.length)
      const kind = next(3)
      const letter = letters.charAt(next(letters.length))
      const changed = once.slice(0, at) + (kind === 0 ? '' : letter) + once.slice(kind === 1 ? at : at + 1)
      if (changed !== once && (await dpop(oauth, changed)) === 'let in') accepted += 1
    }
    expect(accepted).toBe(0)
    expect(await dpop(oauth, once)).toBe('let in')
  })

  it('wants a nonce of this server where it is configured', async () => {
    const oauth = open({ dpopNonce: true })
    const answer = await ask(oauth, token, { scheme: 'DPoP', proofs: [await proof()] })
    expect(answer).toMatchObject({
      challenge: expect.stringMatching(/^DPoP .*error="use_dpop_nonce"/),
      dpopNonce: expect.any(String),
    })
    const { dpopNonce: nonce } = answer as { dpopNonce: string }
    expect(await dpop(oauth, await proof({ nonce }))).toBe('let in')
    expect(await dpop(oauth, await proof({ nonce: randomUUID() }))).toContain('nonce')
    now += 240_000
    expect(await dpop(oauth, await proof({ nonce }))).toContain('nonce')
  })

  it('is the only kind that gets in where it is required', async () => {
    const oauth = open({ dpop: 'required' })
    expect(await dpop(oauth, await proof())).toBe('let in')
    expect(await outcome(oauth, await sign(key, claims()))).toBe('not bound to a key')
    expect(oauth.resource.missing.challenge).toMatch(/^Bearer .*, DPoP .*algs="ES256/)
    expect(oauth.resource.metadata).toMatchObject({ dpop_bound_access_tokens_required: true })
  })

  it('cannot be one that is not bound', async () => {
    expect(await outcome(open(), await sign(key, claims()), { scheme: 'DPoP', proofs: [await proof()] })).toBe(
      'not bound to a key',
    )
  })
})

describe('a token bound to a certificate (RFC 8705)', () => {
  const certificate = hashOf('certificate')

  it('gets in over a connection with that certificate alone', async () => {
    const oauth = open()
    const token = await sign(key, claims({ cnf: { 'x5t#S256': certificate } }))
    expect(await outcome(oauth, token, { certificate })).toBe('let in')
    expect(await outcome(oauth, token)).toBe('bound to another certificate')
    expect(await outcome(oauth, token, { certificate: hashOf('other') })).toBe('bound to another certificate')
  })

  it('is the only kind that gets in where it is required', async () => {
    const oauth = open({ requireCertificate: true })
    expect(await outcome(oauth, await sign(key, claims()), { certificate })).toBe('not bound to a certificate')
  })
})

describe('an opaque token (RFC 7662)', () => {
  const introspection = { clientId: 'a:b c', clientSecret: 's/é', tokens: 'opaque' } as const
  const active = (more: object = {}): object => ({ active: true, ...claims(), ...more })

  it('is what the issuer says of it, for 30 seconds', async () => {
    const oauth = open({ introspection })
    let basic: string | undefined
    issuer.introspect = (token, authorization) => {
      basic = authorization
      return token === 'opaque' ? active() : { active: false }
    }
    expect(await ask(oauth, 'opaque')).toMatchObject({ id: `oauth:${issuer.url}:ada`, clientId: 'app' })
    expect(Buffer.from(basic?.split(' ')[1] ?? '', 'base64').toString()).toBe('a%3Ab+c:s%2F%C3%A9')
    issuer.introspect = () => ({ active: false })
    now += 29_000
    expect(await outcome(oauth, 'opaque')).toBe('let in')
    now += 1_001
    expect(await outcome(oauth, 'opaque')).toBe('the issuer does not know it')
  })

  it('is asked about once by all who send it at the same time', async () => {
    const oauth = open({ introspection })
    issuer.introspect = () => active()
    await Promise.all(Array.from({ length: 20 }, () => ask(oauth, 'opaque')))
    expect(issuer.asked.filter((path) => path === '/introspect')).toHaveLength(1)
  })

  it.each([
    ['for another audience', { aud: 'other' }],
    ['without an audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['that has expired', { exp: seconds - 60 }],
    ['without an end', { exp: undefined }],
    ['whose `active` is a text', { active: 'true' }],
    ['bound to a key', { cnf: { jkt: hashOf('x') } }],
  ])('%s is refused', async (_, more) => {
    issuer.introspect = () => active(more)
    expect(await outcome(open({ introspection }), 'opaque')).not.toBe('let in')
  })

  it('is refused while the issuer cannot be asked', async () => {
    issuer.introspect = () => 500
    expect(await ask(open({ introspection }), 'opaque')).toMatchObject({ error: { code: 'ISSUER_UNAVAILABLE' } })
  })

  it('of a stranger is not asked about more often than 32 times at once', async () => {
    const oauth = open({ introspection })
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, count) => ask(oauth, `opaque${count}`, { address: `10.0.0.${count}` })),
    )
    expect(issuer.asked.filter((path) => path === '/introspect')).toHaveLength(32)
    expect(answers.every((answer) => answer !== undefined && isRefusal(answer))).toBe(true)
  })

  it('and a JWT that was revoked is refused within 30 seconds with `tokens: all`', async () => {
    const oauth = open({ introspection: { ...introspection, tokens: 'all' } })
    const token = await sign(key, claims())
    issuer.introspect = () => active()
    const principal = await ask(oauth, token)
    expect(principal).toMatchObject({ kind: 'oauth' })
    issuer.introspect = () => ({ active: false })
    now += 30_001
    expect(await outcome(oauth, token)).toBe('the issuer does not know it')
    expect(await oauth.authenticator.isValid?.(principal as never)).toBe(false)
  })
})
