import { createHash, createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  askToken,
  authorize,
  authorizePath,
  claimsOf,
  codeFields,
  FormBrowser,
  type Lab,
  type LabOptions,
  PASSWORD,
  REDIRECT,
  startLab,
  VERIFIER,
} from '../../test/fixtures/authorization-lab.ts'

let lab: Lab
beforeEach(async () => {
  lab = await startLab()
  await lab.addUser('ada', ['user'], 'acme')
})
afterEach(() => lab.stop())

async function another(options: LabOptions): Promise<void> {
  await lab.stop()
  lab = await startLab(options)
  await lab.addUser('ada', ['user'], 'acme')
}

async function codeOf(given: Parameters<typeof authorize>[1] = {}): Promise<string> {
  const at = await authorize(lab, given)
  return at.searchParams.get('code') ?? `no code: ${at}`
}

const tokens = async () => (await askToken(lab, codeFields(await codeOf()))).body
const refresh = (token: unknown, more: Record<string, string> = {}) =>
  askToken(lab, { grant_type: 'refresh_token', client_id: 'cli', refresh_token: String(token), ...more })
const isGood = (token: unknown): boolean => lab.authorization.resolve(claimsOf(token) as never) !== undefined

describe('its metadata (RFC 8414)', () => {
  it('tells what a client of MCP looks for, and nothing of OpenID Connect', async () => {
    const response = await fetch(`${lab.url}/.well-known/oauth-authorization-server`)
    const metadata = (await response.json()) as Record<string, unknown>
    expect(metadata).toMatchObject({
      issuer: lab.issuer,
      authorization_endpoint: `${lab.issuer}/oauth/authorize`,
      token_endpoint: `${lab.issuer}/oauth/token`,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
      scopes_supported: ['mcp', 'crm:read', 'crm:write', 'offline_access'],
    })
    expect(
      Object.keys(metadata).filter((name) => /id_token|userinfo|registration|introspection|claims/.test(name)),
    ).toEqual([])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('writes the addresses of the issuer, whatever Host and proxies say', async () => {
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }
    const text = await (await fetch(`${lab.url}/.well-known/oauth-authorization-server`, { headers })).text()
    expect(text).not.toContain('evil.example')
  })
})

describe('an access token', () => {
  it('is a JWT of RFC 9068 for the one resource, with who, roles, tenant and scope, signed by a published key', async () => {
    const { access_token: token, ...rest } = await tokens()
    const [header = '', payload = '', signature = ''] = String(token).split('.')
    const { kid, ...head } = JSON.parse(Buffer.from(header, 'base64url').toString())
    expect(head).toEqual({ alg: 'ES256', typ: 'at+jwt' })
    const jwk = lab.authorization.jwks().keys.find((key) => key.kid === kid)
    expect(jwk).not.toHaveProperty('d')
    const key = { key: createPublicKey({ key: jwk as never, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(claimsOf(token)).toMatchObject({
      iss: lab.issuer,
      aud: `${lab.issuer}/mcp`,
      client_id: 'cli',
      roles: ['user'],
      tenant: 'acme',
      scope: 'mcp crm:read',
    })
    expect(rest).toMatchObject({ expires_in: 600, token_type: 'Bearer', scope: 'mcp crm:read' })
    expect(lab.authorization.resolve(claimsOf(token) as never)).toEqual({
      name: 'ada',
      roles: ['user'],
      tenant: 'acme',
    })
  })

  it('has no scope that the roles of its user do not have', async () => {
    const { body } = await askToken(lab, codeFields(await codeOf({ scope: 'mcp crm:read crm:write nuclear' })))
    expect(claimsOf(body.access_token).scope).toBe('mcp crm:read')
  })

  it('is worth nothing as soon as its user is locked, removed or has another password; roles change at once', async () => {
    const { access_token: token, refresh_token: refreshToken } = await tokens()
    lab.users.setRoles('ada', ['admin'])
    expect(lab.authorization.resolve(claimsOf(token) as never)?.roles).toEqual(['admin'])
    lab.users.setLocked('ada', true)
    expect(isGood(token)).toBe(false)
    lab.users.setLocked('ada', false)
    expect(isGood(token)).toBe(false)
    expect((await refresh(refreshToken)).body.error).toBe('invalid_grant')
  })
})

describe('an authorization request', () => {
  const ask = async (
    given: Parameters<typeof authorizePath>[1],
    change: (query: URLSearchParams) => void = () => {},
  ) => {
    const [path = '', query] = authorizePath(lab, given).split('?')
    const parameters = new URLSearchParams(query)
    change(parameters)
    return fetch(`${lab.url}${path}?${parameters}`, { redirect: 'manual' })
  }

  it.each([
    'https://evil.example/callback',
    'http://127.0.0.1/callback/../evil',
    'http://127.0.0.1/callback?next=1',
    'http://127.0.0.1.evil.example/callback',
    'http://127.0.0.1@evil.example/callback',
    'http://localhost/callback',
    'https://127.0.0.1/callback',
    'http://127.0.0.1/Callback',
    'javascript:alert(1)//',
    '//evil.example/callback',
  ])('is refused on a page of our own, and redirected nowhere, for the redirect URI %s', async (redirectUri) => {
    const response = await ask({ redirectUri })
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    expect(response.headers.get('content-type')).toContain('text/html')
  })

  it('takes any port on loopback (RFC 8252 §7.3)', async () => {
    const at = await authorize(lab, { redirectUri: 'http://127.0.0.1:49152/callback' })
    expect(at.origin).toBe('http://127.0.0.1:49152')
  })

  it('names the issuer in its answer and in its refusal (RFC 9207)', async () => {
    expect((await authorize(lab)).searchParams.get('iss')).toBe(lab.issuer)
    const refused = await ask({}, (query) => query.set('prompt', 'none'))
    const at = new URL(refused.headers.get('location') ?? '')
    expect([at.searchParams.get('error'), at.searchParams.get('iss')]).toEqual(['login_required', lab.issuer])
  })

  it.each<[string, (query: URLSearchParams) => void, string]>([
    ['without PKCE', (query) => query.delete('code_challenge'), 'invalid_request'],
    ['with PKCE of method plain', (query) => query.set('code_challenge_method', 'plain'), 'invalid_request'],
    ['without a method of PKCE', (query) => query.delete('code_challenge_method'), 'invalid_request'],
    ['for a token (implicit)', (query) => query.set('response_type', 'token'), 'unsupported_response_type'],
    ['for an ID token (hybrid)', (query) => query.set('response_type', 'code id_token'), 'unsupported_response_type'],
    ['for another resource', (query) => query.set('resource', 'https://other.example/mcp'), 'invalid_target'],
    [
      'for two resources, one foreign',
      (query) => query.append('resource', 'https://other.example/mcp'),
      'invalid_target',
    ],
    ['with a request object', (query) => query.set('request', 'eyJhbGciOiJub25lIn0.e30.'), 'request_not_supported'],
  ])('%s is refused', async (_, change, error) => {
    const response = await ask({}, change)
    const at = new URL(response.headers.get('location') ?? 'http://none')
    // What was asked for in the fragment is refused there.
    const answer = at.hash === '' ? at.searchParams : new URLSearchParams(at.hash.slice(1))
    expect(answer.get('error')).toBe(error)
    expect(answer.has('code')).toBe(false)
  })

  it('with a response mode that a page could read is refused', async () => {
    expect((await ask({}, (query) => query.set('response_mode', 'web_message'))).status).toBe(400)
    expect((await ask({}, (query) => query.set('response_mode', 'fragment'))).status).toBe(400)
  })

  it('with a parameter twice is refused', async () => {
    const response = await ask({}, (query) => query.append('redirect_uri', 'https://evil.example/'))
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
  })

  it('of an unknown client shows nothing of what was sent but escaped text', async () => {
    const response = await ask({ clientId: '<script>alert(1)</script>' })
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain('<script')
  })
})

describe('a code', () => {
  it('is good once: a second use takes away what the first one brought', async () => {
    const code = await codeOf()
    const { body } = await askToken(lab, codeFields(code))
    expect(isGood(body.access_token)).toBe(true)
    expect((await askToken(lab, codeFields(code))).body.error).toBe('invalid_grant')
    expect(isGood(body.access_token)).toBe(false)
    expect((await refresh(body.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('of two exchanges at the same time brings tokens to one at most', async () => {
    const code = await codeOf()
    const answers = await Promise.all([1, 2, 3, 4].map(() => askToken(lab, codeFields(code))))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
  })

  it.each<[string, Record<string, string>]>([
    ['a wrong verifier', { code_verifier: 'x'.repeat(43) }],
    ['no verifier', { code_verifier: '' }],
    ['the challenge as verifier', { code_verifier: createHash('sha256').update(VERIFIER).digest('base64url') }],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:1/callback' }],
    ['another client', { client_id: 'other' }],
    ['another resource', { resource: 'https://other.example/mcp' }],
  ])('is not exchanged with %s', async (_, more) => {
    const { status, body } = await askToken(lab, codeFields(await codeOf(), more))
    expect([400, 401]).toContain(status)
    expect(body).not.toHaveProperty('access_token')
  })
})

describe('a refresh token', () => {
  it('is exchanged for another one each time; the one before ends the family', async () => {
    const first = await tokens()
    const second = (await refresh(first.refresh_token)).body
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(isGood(second.access_token)).toBe(true)
    expect((await refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await refresh(second.refresh_token)).body.error).toBe('invalid_grant')
    expect(isGood(second.access_token)).toBe(false)
    expect(lab.observed).toContainEqual({ type: 'grant.changed', change: 'revoked' })
  })

  it('that is sent twice at once brings tokens to one at most, and nothing of the family is left', async () => {
    const first = await tokens()
    const answers = await Promise.all([1, 2, 3].map(() => refresh(first.refresh_token)))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    for (const { body } of answers) if (body.access_token !== undefined) expect(isGood(body.access_token)).toBe(false)
  })

  it('cannot ask for more scopes or another resource than were agreed on', async () => {
    const first = await tokens()
    expect((await refresh(first.refresh_token, { scope: 'mcp crm:write' })).body.error).toBe('invalid_scope')
    expect((await refresh(first.refresh_token, { resource: 'https://other.example/' })).body.error).toBe(
      'invalid_target',
    )
  })

  it('is revoked with everything that came from it (RFC 7009)', async () => {
    const { access_token: token, refresh_token: refreshToken } = await tokens()
    const body = new URLSearchParams({ client_id: 'cli', token: String(refreshToken) })
    expect((await fetch(`${lab.url}/oauth/revoke`, { method: 'POST', body })).status).toBe(200)
    expect((await refresh(refreshToken)).body.error).toBe('invalid_grant')
    expect(isGood(token)).toBe(false)
  })
})

describe('what is stored', () => {
  it('holds no code, token, cookie or password, and nothing that could be used without the pepper', async () => {
    const { storage } = lab
    const { refresh_token: refreshToken, access_token: access } = await tokens()
    const user = storage.users.findByName('ada')
    const kept = JSON.stringify([
      storage.users.list(),
      storage.oauth.listKeys(0),
      storage.oauth.listOfAccount('RefreshToken', user?.id ?? '', 0),
    ])
    for (const secret of [refreshToken, access, PASSWORD]) expect(kept).not.toContain(String(secret))
    expect(kept).not.toContain('"d":')
  })

  it('outlives a restart: refresh tokens, sessions, keys', async () => {
    const { directory } = lab
    const browser = new FormBrowser(lab.url)
    await authorize(lab, { browser })
    const first = await tokens()
    const { keys } = lab.authorization.jwks()
    await lab.stop(true)
    lab = await startLab({ directory, issuer: lab.issuer })
    expect(lab.authorization.jwks().keys).toEqual(keys)
    expect((await refresh(first.refresh_token)).status).toBe(200)
  })
})

describe('signing keys', () => {
  it('are renewed by age; the one before is published until its tokens have expired, then no more', async () => {
    let now = Date.now()
    await another({ clock: () => now, embedded: { keyRotationMs: 86_400_000 } })
    const kids = (): readonly string[] => lab.authorization.jwks().keys.map(({ kid }) => kid)
    const [first = ''] = kids()
    now += 86_400_001
    expect(kids()).toEqual([expect.not.stringMatching(first), first])
    now += 700_000
    expect(kids()).not.toContain(first)
  })
})

describe('client credentials', () => {
  const SECRET = 'a-secret-of-more-than-32-characters-x'
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const embedded = {
    clients: [
      { id: 'job', secret: SECRET, machine: { roles: ['admin'], tenant: 'acme' } },
      {
        id: 'ci',
        jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] },
        machine: { roles: ['user'] },
      },
      { id: 'cli', redirectUris: [REDIRECT] },
    ],
  }
  beforeEach(() => another({ embedded }))
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })
  const assertion = (more: Record<string, unknown> = {}): string => {
    const seconds = Math.floor(Date.now() / 1000)
    const claims = {
      iss: 'ci',
      sub: 'ci',
      aud: lab.issuer,
      jti: randomUUID(),
      iat: seconds,
      exp: seconds + 60,
      ...more,
    }
    const body = [{ alg: 'ES256', kid: 'k' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${body}.${sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const askAs = (client_assertion: string) =>
    askToken(lab, {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    })

  it('bring a machine a token with its own roles, tenant and scopes', async () => {
    const { body } = await askToken(lab, { grant_type: 'client_credentials' }, basic('job', SECRET))
    const claims = claimsOf(body.access_token)
    expect(claims).toMatchObject({ sub: 'job', roles: ['admin'], tenant: 'acme', scope: 'mcp crm:read crm:write' })
    expect(lab.authorization.resolve(claims as never)).toEqual({ name: 'job', roles: ['admin'], tenant: 'acme' })
    expect(body).not.toHaveProperty('refresh_token')
  })

  it('by an assertion are good once, for this server alone', async () => {
    const once = assertion()
    expect((await askAs(once)).status).toBe(200)
    expect((await askAs(once)).status).toBeGreaterThanOrEqual(400)
    expect((await askAs(assertion({ aud: 'https://other.example' }))).status).toBe(401)
    expect((await askAs(assertion({ exp: 1 }))).status).toBe(401)
  })

  it('are refused to a wrong secret and to clients for users', async () => {
    expect((await askToken(lab, { grant_type: 'client_credentials' }, basic('job', `${SECRET}x`))).status).toBe(401)
    expect((await askToken(lab, { grant_type: 'client_credentials', client_id: 'cli' })).status).toBe(400)
  })
})

describe('DPoP (RFC 9449)', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const proof = (): string => {
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
    const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }
    const claims = {
      jti: randomUUID(),
      htm: 'POST',
      htu: `${lab.issuer}/oauth/token`,
      iat: Math.floor(Date.now() / 1000),
    }
    const body = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${body}.${sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }

  it('binds tokens to the key of the client, and a proof is good once', async () => {
    const dpop = proof()
    const { body } = await askToken(lab, codeFields(await codeOf()), { dpop })
    expect(body.token_type).toBe('DPoP')
    expect(claimsOf(body.access_token)).toHaveProperty('cnf.jkt')
    expect((await askToken(lab, codeFields(await codeOf()), { dpop })).status).toBe(400)
    expect((await refresh(body.refresh_token)).status).toBe(400)
  })
})

describe('registration (RFC 7591)', () => {
  const register = (metadata: unknown) =>
    fetch(`${lab.url}/oauth/register`, {
      method: 'POST',
      body: JSON.stringify(metadata),
      headers: { 'content-type': 'application/json' },
    })
  const metadata = {
    client_name: 'New',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
  }

  it('is off', async () => {
    expect((await register(metadata)).status).toBe(404)
  })

  it('is open where the configuration says so, up to its quota, and every user is asked', async () => {
    await another({ embedded: { registration: { enabled: true, max: 1 } } })
    const client = (await (await register(metadata)).json()) as { client_id: string }
    const code = await codeOf({ clientId: client.client_id })
    const { status } = await askToken(lab, codeFields(code, { client_id: client.client_id }))
    expect(status).toBe(200)
    expect((await register(metadata)).status).toBeGreaterThanOrEqual(400)
  })

  it.each([
    ['http to another host', { redirect_uris: ['http://evil.example/cb'] }],
    ['http to another host, as web', { redirect_uris: ['http://evil.example/cb'], application_type: 'web' }],
    ['a scheme of its own', { redirect_uris: ['myapp://cb'] }],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }],
    ['a wildcard', { redirect_uris: ['https://*.example.com/cb'], grant_types: ['implicit'] }],
    ['keys to be fetched', { redirect_uris: [REDIRECT], jwks_uri: 'https://169.254.169.254/keys' }],
  ])('refuses %s', async (_, more) => {
    await another({ embedded: { registration: { enabled: true } } })
    expect((await register({ ...metadata, ...more })).status).toBe(400)
  })

  it('is slowed down for one network', async () => {
    await another({ embedded: { registration: { enabled: true } } })
    const answers = []
    for (let at = 0; at < 12; at++) answers.push((await register(metadata)).status)
    expect(answers.slice(-1)).toEqual([429])
  })
})
