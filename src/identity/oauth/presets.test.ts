import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeKey, type NamedKey, sign, startIssuer, type TestIssuer } from '../../../test/oauth/test-issuer.ts'
import { createMemoryReplayStore } from '../../storage/memory/replay-store.ts'
import { isRefusal } from '../authenticator.ts'
import { openOAuth } from './open-oauth.ts'
import { type IssuerOptions, oauthOptions } from './options.ts'

/** Tokens as each kind of issuer makes them, by its documentation of 2026; keys and the issuer's address are the test's. */
const RESOURCE = 'https://mcp.example.com/mcp'
const NOW = Date.parse('2026-11-23T08:00:00Z')
const times = { iat: NOW / 1000 - 60, exp: NOW / 1000 + 3600 }

let key: NamedKey
const issuers: TestIssuer[] = []

beforeAll(async () => {
  key = await makeKey('one')
})
afterAll(async () => {
  await Promise.all(issuers.map((issuer) => issuer.close()))
})

async function start(path: string): Promise<TestIssuer> {
  const issuer = await startIssuer([key], path)
  issuers.push(issuer)
  return issuer
}

async function outcome(options: Partial<IssuerOptions> & { issuer: string }, token: string): Promise<unknown> {
  const { authenticator } = openOAuth({
    replays: createMemoryReplayStore(() => NOW),
    ...{ options: oauthOptions.parse({ issuers: [options] }), path: '/mcp', name: 'crm' },
    ...{ roleNames: ['admin', 'reader'], publicUrl: () => 'https://mcp.example.com', nonceKey: new Uint8Array(32) },
    ...{ clock: () => NOW, observer: () => {}, signal: new AbortController().signal },
  })
  const authorization = `Bearer ${token}`
  const answer = await authenticator.authenticate({
    ...{ authorization: [authorization], rawHeaders: ['authorization', authorization], query: '' },
    ...{ address: '192.0.2.1', method: 'POST', path: '/mcp' },
  })
  return answer !== undefined && isRefusal(answer) ? answer.reason : answer
}

describe('Keycloak', () => {
  const access = (iss: string): Record<string, unknown> => ({
    ...times,
    ...{
      jti: 'onrtac:8a3c',
      iss,
      aud: [RESOURCE, 'account'],
      sub: 'f:1c2d:ada',
      typ: 'Bearer',
      azp: 'claude',
      sid: 's',
    },
    ...{ acr: '1', realm_access: { roles: ['offline_access', 'reader'] }, scope: 'openid profile email crm:read' },
    ...{ resource_access: { account: { roles: ['view-profile'] } }, preferred_username: 'ada', email_verified: true },
  })

  it('needs nothing but the issuer and the preset', async () => {
    const issuer = await start('/realms/acme')
    expect(
      await outcome({ issuer: issuer.url, preset: 'keycloak' }, await sign(key, access(issuer.url), { typ: 'JWT' })),
    ).toMatchObject({
      ...{
        user: 'f:1c2d:ada',
        clientId: 'claude',
        roles: ['reader'],
        scopes: ['openid', 'profile', 'email', 'crm:read'],
      },
    })
  })

  it.each(['ID', 'Refresh', 'Offline', 'Logout', undefined])(
    'does not get in with a token whose typ is %s',
    async (typ) => {
      const issuer = await start('/realms/acme')
      const token = await sign(key, { ...access(issuer.url), typ }, { typ: 'JWT' })
      expect(await outcome({ issuer: issuer.url, preset: 'keycloak' }, token)).toBe(
        'access token (its typ is not allowed)',
      )
    },
  )
})

describe('Entra ID', () => {
  const tid = '72f988bf-86f1-41af-91ab-2d7cd011db47'
  const application = '6731de76-14a6-49ae-97bc-6eba6914391e'
  const v2 = (iss: string): Record<string, unknown> => ({
    ...times,
    ...{
      aud: application,
      iss,
      nbf: times.iat,
      aio: 'AXQAi',
      azp: 'client-guid',
      azpacr: '0',
      name: 'Ada',
      tid,
      ver: '2.0',
    },
    ...{
      oid: 'oid-of-ada',
      preferred_username: 'ada@acme.com',
      rh: '0.A',
      scp: 'crm.read',
      roles: ['admin'],
      sub: 'pairwise',
      uti: 'u',
    },
  })

  it('version 2.0 needs the application as audience', async () => {
    const issuer = await start(`/${tid}/v2.0`)
    const options = { issuer: issuer.url, preset: 'entra', audience: application } as const
    expect(await outcome(options, await sign(key, v2(issuer.url), { typ: 'JWT' }))).toMatchObject({
      ...{ user: 'oid-of-ada', tenant: tid, clientId: 'client-guid', roles: ['admin'], scopes: ['crm.read'] },
    })
  })

  it('version 1.0 has its slash at the end, appid, and the URI of the application as audience', async () => {
    const issuer = await start(`/${tid}/`)
    const { azp: _, azpacr: __, ...rest } = v2(issuer.url)
    const v1 = { ...rest, aud: RESOURCE, appid: 'client-guid', appidacr: '0', ver: '1.0' }
    expect(await outcome({ issuer: issuer.url, preset: 'entra' }, await sign(key, v1, { typ: 'JWT' }))).toMatchObject({
      clientId: 'client-guid',
    })
  })

  it('does not get in with the ID token of the same application', async () => {
    const issuer = await start(`/${tid}/v2.0`)
    const { azp: _, azpacr: __, scp: ___, ...id } = v2(issuer.url)
    const options = { issuer: issuer.url, preset: 'entra', audience: application } as const
    expect(await outcome(options, await sign(key, { ...id, nonce: 'n' }, { typ: 'JWT' }))).toBe(
      'access token (no client)',
    )
  })

  it('does not get in from another tenant', async () => {
    const issuer = await start(`/${tid}/v2.0`)
    const options = { issuer: issuer.url, preset: 'entra', audience: application } as const
    const other = { ...v2(issuer.url), iss: issuer.url.replace(tid, 'other') }
    expect(await outcome(options, await sign(key, other, { typ: 'JWT' }))).toContain('not configured')
  })
})

describe('Okta', () => {
  it('has no type in the header, `cid` as client and `scp` as a list', async () => {
    const issuer = await start('/oauth2/aus1')
    const claims = {
      ...times,
      ver: 1,
      jti: 'AT.1',
      iss: issuer.url,
      aud: RESOURCE,
      cid: '0oa1',
      uid: '00u1',
      scp: ['crm:read'],
      sub: 'ada@acme.com',
      groups: ['reader'],
    }
    expect(
      await outcome({ issuer: issuer.url, preset: 'okta' }, await sign(key, claims, { typ: undefined })),
    ).toMatchObject({
      ...{ user: 'ada@acme.com', clientId: '0oa1', roles: ['reader'], scopes: ['crm:read'] },
    })
    const { cid: _, scp: __, ...id } = claims
    const idToken = await sign(key, { ...id, aud: '0oa1', at_hash: 'h', nonce: 'n' }, { typ: undefined })
    expect(await outcome({ issuer: issuer.url, preset: 'okta', audience: '0oa1' }, idToken)).toBe(
      'access token (it is an ID token)',
    )
  })
})

describe('Auth0', () => {
  it('has a slash at the end of the issuer and /userinfo beside the audience', async () => {
    const issuer = await start('/')
    const claims = {
      ...times,
      iss: issuer.url,
      sub: 'auth0|ada',
      aud: [RESOURCE, `${issuer.url}userinfo`],
      scope: 'openid crm:read',
      azp: 'client',
      permissions: ['reader'],
    }
    expect(
      await outcome({ issuer: issuer.url, preset: 'auth0' }, await sign(key, claims, { typ: 'JWT' })),
    ).toMatchObject({
      ...{ id: `oauth:${issuer.url}:auth0%7Cada`, user: 'auth0|ada', clientId: 'client', roles: ['reader'] },
    })
    const { azp, ...rfc9068 } = claims
    expect(
      await outcome({ issuer: issuer.url, preset: 'auth0' }, await sign(key, { ...rfc9068, client_id: azp })),
    ).toMatchObject({ clientId: 'client' })
  })
})

describe('Google', () => {
  const client = '1008719970978.apps.googleusercontent.com'
  const info = {
    azp: client,
    aud: client,
    sub: '110169484474386276334',
    scope: 'openid email',
    exp: `${times.exp}`,
    expires_in: '3600',
    email: 'ada@acme.com',
    email_verified: 'true',
    access_type: 'online',
  }

  // Google itself is out of reach, so its endpoint is played by the test's issuer under the same form.
  const options = (issuer: TestIssuer, form: object): never =>
    ({ issuer: issuer.url, preset: 'google', audience: client, ...form }) as never

  it('does not get in with an ID token, which is for the client and for no resource', async () => {
    const issuer = await start('')
    const id = { ...times, iss: issuer.url, aud: client, azp: client, sub: '1' }
    expect(await outcome(options(issuer, {}), await sign(key, id, { typ: 'JWT' }))).toBe(
      'access token (its type is not allowed)',
    )
  })

  it('is asked by its own form, and refuses users of other clients', async () => {
    const { createIntrospector } = await import('./introspect.ts')
    const { hasAudience } = await import('./verify-jwt.ts')
    const asked: URLSearchParams[] = []
    const settings = {
      endpoint: 'https://oauth2.googleapis.com/tokeninfo',
      form: 'tokeninfo',
      clientId: '',
      clientSecret: '',
      tokens: 'opaque',
    } as const
    const introspector = createIntrospector({
      settings,
      clock: () => NOW,
      endpoint: () => Promise.reject(new Error('not wanted')),
      ask: async (_, { form = new URLSearchParams() } = {}) => {
        asked.push(form)
        return form.get('access_token') === 'ya29.right'
          ? { status: 200, body: info }
          : { status: 400, body: undefined }
      },
    })
    const claims = await introspector.ask('ya29.right', 'h')
    expect(claims).toMatchObject({ sub: info.sub, exp: times.exp })
    expect(hasAudience(claims?.aud, [client])).toBe(true)
    expect(hasAudience(claims?.aud, ['another.apps.googleusercontent.com'])).toBe(false)
    expect(await introspector.ask('ya29.wrong', 'i')).toBeUndefined()
    expect(asked.map(String)).toEqual(['access_token=ya29.right', 'access_token=ya29.wrong'])
  })
})
