import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Client,
  ClientCredentialsProvider,
  type OAuthClientInformationMixed,
  type OAuthClientProvider,
  type OAuthTokens,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../src/app/app.ts'
import { createApp } from '../../src/app/create-app.ts'
import { newApiKey } from '../../src/app/keys/make-key.ts'
import { defineTool } from '../../src/capabilities/definition.ts'
import { defaultConfig } from '../../src/config/default-config.ts'
import type { Connector } from '../../src/connectors/connector.ts'
import { oauthOptions } from '../../src/identity/oauth/options.ts'
import { MACHINE, PORTER, type RunningProvider, startOidcProvider } from '../oauth/start-oidc-provider.ts'
import { hashOf, makeProofKey } from '../oauth/test-issuer.ts'

const crm: Connector = {
  name: 'crm',
  connect: async () => [
    {
      source: 'whoami.ts',
      definition: defineTool({
        name: 'whoami',
        description: 'Says who calls.',
        annotations: { readOnlyHint: true },
        run: (_, { caller }) => JSON.stringify({ id: caller.id, roles: caller.roles }),
      }),
    },
    {
      source: 'wants-more.ts',
      definition: defineTool({ name: 'wants_more', description: 'Writes, so it wants crm:write.', run: () => 'x' }),
    },
  ],
  close: async () => {},
}

let directory: string
let provider: RunningProvider
let opaque: RunningProvider
let app: App
let url: string
const log: string[] = []
let key: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-oauth-'))
  provider = await startOidcProvider(() => url)
  opaque = await startOidcProvider(() => url, 'opaque')
  const base = defaultConfig({ connectors: [], directory })
  const roles = { member: { scopes: [], allow: [{ name: '*' }], deny: [] } }
  const introspection = { clientId: PORTER.client_id, clientSecret: PORTER.client_secret }
  const oauth = oauthOptions.parse({
    scopes: ['crm:read'],
    issuers: [
      { issuer: provider.issuer, defaultRoles: ['member'] },
      { issuer: opaque.issuer, defaultRoles: ['member'], introspection },
    ],
  })
  const config = { ...base, access: { ...base.access, roles, oauth } }
  const made = await newApiKey(config, { name: 'ci', roles: ['member'] })
  key = made.text
  app = await createApp(config, { connectors: [crm], keys: [made.stored], writeLog: (line) => void log.push(line) })
  url = (await app.listen({ port: 0 })).url
})

afterAll(async () => {
  await app.close()
  await Promise.all([provider.close(), opaque.close()])
  rmSync(directory, { recursive: true, force: true })
})

const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})

/** A client of a person, which keeps what it is given in memory and whose browser goes straight through. */
class Person implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1:1/callback'
  readonly clientMetadata = {
    ...{ client_name: 'test', redirect_uris: [this.redirectUrl], token_endpoint_auth_method: 'none' },
    ...{ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
  }
  sentTo: URL | undefined
  #information: OAuthClientInformationMixed | undefined
  #tokens: OAuthTokens | undefined
  #verifier = ''
  clientInformation = () => this.#information
  saveClientInformation(information: OAuthClientInformationMixed): void {
    this.#information = information
  }
  tokens = () => this.#tokens
  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens
  }
  redirectToAuthorization(to: URL): void {
    this.sentTo = to
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }
  codeVerifier = () => this.#verifier
}

function newClient(mode: 'legacy' | { pin: string }): Client {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  clients.push(client)
  return client
}

async function whoami(client: Client): Promise<{ id: string; roles: string[] }> {
  const { content } = await client.callTool({ name: 'whoami', arguments: {} })
  const [first] = content as { text: string }[]
  return JSON.parse(first?.text ?? '')
}

const token = async (from: RunningProvider, headers: Record<string, string> = {}): Promise<string> => {
  const basic = Buffer.from(`${MACHINE.client_id}:${MACHINE.client_secret}`).toString('base64')
  const response = await fetch(`${from.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, ...headers },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'crm:read', resource: url }),
  })
  const { access_token: text } = (await response.json()) as { access_token: string }
  expect(text).toBeTypeOf('string')
  return text
}

const post = (headers: Record<string, string>, name = 'whoami'): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
      ...headers,
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: {
        ...{ name, arguments: {} },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  })

describe.each([['legacy' as const], [{ pin: '2026-07-28' }]])('the official client v2 (%j)', (mode) => {
  it('signs a person in at the issuer that the server names, and calls', async () => {
    const person = new Person()
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: person })
    await expect(newClient(mode).connect(transport)).rejects.toThrow()
    expect(person.sentTo?.searchParams.get('resource')).toBe(url)
    expect(person.sentTo?.searchParams.get('scope')).toContain('crm:read')
    const back = await provider.browse(person.sentTo as URL)
    await transport.finishAuth(back.searchParams)
    const client = newClient(mode)
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: person }))
    expect(await whoami(client)).toEqual({ id: `oauth:${provider.issuer}:ada`, roles: ['member'] })
  })

  it('comes as a machine, by client credentials', async () => {
    const authProvider = new ClientCredentialsProvider({
      clientId: MACHINE.client_id,
      clientSecret: MACHINE.client_secret,
      scope: 'crm:read',
    })
    const client = newClient(mode)
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }))
    expect(await whoami(client)).toEqual({ id: `oauth:${provider.issuer}:nightly-job`, roles: ['member'] })
  })
})

describe('beside it', () => {
  it('an opaque token gets in, when its issuer knows it', async () => {
    expect((await post({ authorization: `Bearer ${await token(opaque)}` })).status).toBe(200)
  })

  it('an API key gets in, and a wrong one is told where to get a token', async () => {
    expect((await post({ authorization: `Bearer ${key}` })).status).toBe(200)
    const wrong = await post({ authorization: `Bearer ${key.slice(0, -1)}` })
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="toolgate", error="invalid_token", resource_metadata="${url.replace('/mcp', '/.well-known/oauth-protected-resource/mcp')}"`,
    ])
  })

  it('a token bound to a key gets in with a proof alone', async () => {
    const client = await makeProofKey()
    const now = Math.floor(Date.now() / 1000)
    const asking = await client.prove({ htm: 'POST', htu: `${provider.issuer}/token`, iat: now })
    const bound = await token(provider, { dpop: asking })
    const dpop = await client.prove({ htm: 'POST', htu: url, iat: now, ath: hashOf(bound) })
    expect((await post({ authorization: `DPoP ${bound}`, dpop })).status).toBe(200)
    expect((await post({ authorization: `DPoP ${bound}`, dpop })).status).toBe(401)
    expect((await post({ authorization: `Bearer ${bound}` })).status).toBe(401)
  })
})

describe('the challenge', () => {
  const metadata = (): string => url.replace('/mcp', '/.well-known/oauth-protected-resource/mcp')

  it('of a request without a credential has no error', async () => {
    const response = await post({})
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="toolgate", scope="crm:read", resource_metadata="${metadata()}"`,
    )
  })

  it('of a wrong token has one, and neither body, log nor trail has the token', async () => {
    const forged = `${(await token(provider)).slice(0, -8)}AAAAAAAA`
    const response = await post({ authorization: `Bearer ${forged}` })
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await response.text()).not.toContain(forged.slice(0, 20))
    expect(log.join('')).toContain('access token (jose: ERR_JWS_SIGNATURE_VERIFICATION_FAILED)')
    expect(log.join('')).not.toContain(forged.slice(0, 20))
  })

  it('of a token that lacks a scope names all that the operation wants, with 403', async () => {
    const response = await post({ authorization: `Bearer ${await token(provider)}` }, 'wants_more')
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      403,
      `Bearer realm="toolgate", error="insufficient_scope", scope="crm:write", resource_metadata="${metadata()}"`,
    ])
  })

  it('is not for keys, which no scope limits', async () => {
    const response = await post({ authorization: `Bearer ${key}` }, 'wants_more')
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([200, null])
  })

  it('of a token in the URL is a 400', async () => {
    expect((await fetch(`${url}?access_token=x`, { method: 'POST' })).status).toBe(400)
  })
})

describe('the metadata of the resource', () => {
  it.each(['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])(
    'are at %s',
    async (path) => {
      const response = await fetch(new URL(path, url), { headers: { origin: 'https://anywhere.example' } })
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('cache-control')).toBe('public, max-age=300')
      expect(await response.json()).toMatchObject({
        ...{ resource: url, authorization_servers: [provider.issuer, opaque.issuer], scopes_supported: ['crm:read'] },
        ...{ bearer_methods_supported: ['header'], resource_name: expect.any(String) },
        dpop_signing_alg_values_supported: expect.arrayContaining(['ES256']),
      })
    },
  )

  it('answer HEAD and a preflight, and nothing else', async () => {
    const at = new URL('/.well-known/oauth-protected-resource', url)
    const statuses = ['HEAD', 'OPTIONS', 'POST'].map(async (method) => (await fetch(at, { method })).status)
    expect(await Promise.all(statuses)).toEqual([200, 204, 405])
  })

  it('are nowhere else', async () => {
    const at = (path: string): Promise<Response> => fetch(new URL(path, url))
    expect((await at('/.well-known/oauth-protected-resource/other')).status).toBe(404)
    expect(await (await at('/.well-known/oauth-authorization-server')).text()).toContain(
      '/.well-known/oauth-protected-resource',
    )
  })
})
