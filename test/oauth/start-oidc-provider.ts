import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'

/** A separate authorization server: `oidc-provider` behind its own port, in which one user, Ada, agrees to everything. */
export interface RunningProvider {
  readonly issuer: string
  /** Goes to an authorization URL as a browser would, with its cookies, and answers where it is sent in the end. */
  browse(url: URL): Promise<URL>
  close(): Promise<void>
}

export const MACHINE = { client_id: 'nightly-job', client_secret: 'machine-secret-machine-secret' }
export const PORTER = { client_id: 'toolgate', client_secret: 'introspection-secret-introspection' }

/** Tokens for `resource` are JWTs, or opaque where `format` says so. */
export async function startOidcProvider(
  resource: () => string,
  format: 'jwt' | 'opaque' = 'jwt',
): Promise<RunningProvider> {
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), kid: 'provider-1', alg: 'RS256', use: 'sig' }
  const provider = new Provider(issuer, configure(resource, format, jwk))
  const handle = provider.callback()

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!request.url?.startsWith('/agree/')) return void handle(request, response)
    const { prompt, params } = await provider.interactionDetails(request, response)
    const grant = new provider.Grant({ accountId: 'ada', clientId: String(params.client_id) })
    grant.addOIDCScope(`openid ${params.scope ?? ''}`)
    grant.addResourceScope(resource(), String(params.scope ?? ''))
    const result =
      prompt.name === 'login' ? { login: { accountId: 'ada' } } : { consent: { grantId: await grant.save() } }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  }

  return {
    issuer,
    browse: (url) => browse(url, issuer),
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function configure(
  resource: () => string,
  format: 'jwt' | 'opaque',
  jwk: object,
): ConstructorParameters<typeof Provider>[1] {
  const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }
  return {
    jwks: { keys: [jwk] } as never,
    clients: [
      { ...MACHINE, ...machine, scope: 'crm:read crm:write' },
      { ...PORTER, ...machine },
    ] as never,
    findAccount: (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    interactions: { url: (_, interaction) => `/agree/${interaction.uid}` },
    cookies: { keys: ['test'] },
    scopes: ['openid', 'offline_access', 'crm:read', 'crm:write'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      registration: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource(),
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'crm:read crm:write',
          audience: resource(),
          accessTokenFormat: format,
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    } as never,
  }
}

/** Follows redirects within the issuer, with its cookies; the first that leads elsewhere is the answer. */
async function browse(start: URL, issuer: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = start
  for (let step = 0; step < 10; step += 1) {
    if (url.origin !== issuer) return url
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null)
      throw new Error(`no redirect from ${url.pathname}: ${response.status} ${await response.text()}`)
    url = new URL(location, url)
  }
  throw new Error('too many redirects')
}
