import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { BASE_SCOPE, refuseClient, staticClients } from './clients.ts'
import type { Packages } from './load-packages.ts'
import type { EmbeddedOptions } from './options.ts'
import type { createRecords } from './records.ts'
import { SIGNING_ALG, type SigningJwk } from './signing-keys.ts'
import type { Users } from './users.ts'

/** Where things are served, under the origin. */
export const ROUTES = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  jwks: '/oauth/jwks',
  revocation: '/oauth/revoke',
  registration: '/oauth/register',
  interaction: '/oauth/interaction',
  invitation: '/oauth/invitation',
  password: '/oauth/password',
  signOut: '/oauth/sign-out',
  metadata: '/.well-known/oauth-authorization-server',
} as const

/** What an oidc-provider is configured from. */
export interface ProviderParts {
  readonly oidc: Packages['oidc']
  readonly options: EmbeddedOptions
  readonly issuer: string
  /** The one resource that tokens are for (RFC 8707). */
  readonly resource: string
  /** Scopes that some role grants. */
  readonly scopes: readonly string[]
  /** Scopes that these roles grant. */
  readonly scopesOf: (roles: readonly string[]) => readonly string[]
  readonly keys: readonly SigningJwk[]
  readonly records: ReturnType<typeof createRecords>
  readonly users: Users
  readonly cookieKey: Uint8Array
  readonly dpopKey: Uint8Array
  readonly fetch: (url: string | URL) => Promise<Response>
  readonly renderError: NonNullable<Configuration['renderError']>
  /** Whether another document of a stranger may be fetched for this request. */
  readonly allowFetch: (ctx: KoaContextWithOIDC) => boolean
}

const CLIENT_DEFAULTS = {
  application_type: 'native',
  id_token_signed_response_alg: SIGNING_ALG,
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  response_types: ['code'],
} satisfies Configuration['clientDefaults']

const ALGORITHMS = {
  clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'PS256', 'RS256'],
  dPoPSigningAlgValues: ['ES256', 'EdDSA', 'PS256', 'RS256'],
  idTokenSigningAlgValues: [SIGNING_ALG],
} satisfies Configuration['enabledJWA']

const PROVIDER_ROUTES = {
  authorization: ROUTES.authorization,
  token: ROUTES.token,
  jwks: ROUTES.jwks,
  revocation: ROUTES.revocation,
  registration: ROUTES.registration,
  end_session: '/oauth/end-session',
} satisfies Configuration['routes']

/** The whole configuration: authorization code with S256, refresh, client credentials; everything else of it is off. */
export function createProviderConfig(parts: ProviderParts): Configuration {
  const { options, users } = parts
  return {
    adapter: parts.records as unknown as NonNullable<Configuration['adapter']>,
    clients: staticClients(options) as NonNullable<Configuration['clients']>,
    clientAuthMethods: ['none', 'private_key_jwt', 'client_secret_basic', 'client_secret_post'],
    clientBasedCORS: (_ctx, origin, client) => isOriginOf(origin, client.redirectUris ?? []),
    clientDefaults: CLIENT_DEFAULTS,
    allowOmittingSingleRegisteredRedirectUri: false,
    cookies: cookiesOf(parts),
    enabledJWA: ALGORITHMS,
    extraClientMetadata: clientCheck(parts),
    extraTokenClaims: (_ctx, token) => claimsOf(parts, token as unknown as IssuedToken),
    features: featuresOf(parts),
    fetch: (url) => parts.fetch(String(url)),
    findAccount: (_ctx, id) => {
      const user = users.active(id)
      return user === undefined ? undefined : { accountId: id, claims: () => ({ sub: id }) }
    },
    interactions: {
      policy: policyOf(parts.oidc),
      url: (_ctx, interaction) => `${ROUTES.interaction}/${interaction.uid}`,
    },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    jwks: { keys: parts.keys as unknown as NonNullable<Configuration['jwks']>['keys'] },
    formats: { customizers: { jwt: (_ctx, token, jwt) => limitScope(parts, token as unknown as IssuedToken, jwt) } },
    // Nobody is let through because of what was agreed on before: consent is for this client at this redirect URI, now.
    loadExistingGrant: async (ctx) => {
      const { provider, result, session } = ctx.oidc
      const grantId = result?.consent?.grantId
      const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId)
      return grant?.accountId === session?.accountId ? grant : undefined
    },
    pkce: { required: () => true },
    renderError: parts.renderError,
    responseTypes: ['code'],
    routes: PROVIDER_ROUTES,
    scopes: ['offline_access'],
    ttl: ttlOf(options),
  }
}

/** Looks at every client, however it is known. */
function clientCheck({ oidc }: ProviderParts): NonNullable<Configuration['extraClientMetadata']> {
  return {
    properties: ['toolgate'],
    validator(_ctx, _key, _value, metadata) {
      const refused = refuseClient(metadata)
      if (refused !== undefined) throw new oidc.errors.InvalidClientMetadata(refused)
    },
  }
}

function cookiesOf({ issuer, cookieKey }: ProviderParts): NonNullable<Configuration['cookies']> {
  const isSecure = issuer.startsWith('https:')
  const common = { httpOnly: true, sameSite: 'lax', signed: true, secure: isSecure } as const
  return {
    keys: [Buffer.from(cookieKey).toString('base64url')],
    // `__Host-` wants the path /, which would let two sign-ins in one browser disturb each other.
    names: isSecure
      ? {
          session: '__Host-toolgate-session',
          interaction: '__Secure-toolgate-step',
          resume: '__Secure-toolgate-resume',
        }
      : { session: 'toolgate-session', interaction: 'toolgate-step', resume: 'toolgate-resume' },
    long: { ...common, path: '/' },
    short: common,
  }
}

function featuresOf(parts: ProviderParts): NonNullable<Configuration['features']> {
  const { options, oidc, resource, dpopKey } = parts
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    clientCredentials: { enabled: true },
    clientIdMetadataDocument: {
      enabled: options.clientMetadata,
      ack: 'draft-02',
      allowFetch: (ctx) => parts.allowFetch(ctx),
      cacheDuration: { min: 300, max: 86_400 },
    },
    dPoP: { enabled: true, nonceSecret: Buffer.from(dpopKey), requireNonce: () => false },
    registration: {
      enabled: options.registration.enabled,
      initialAccessToken: false,
      issueRegistrationAccessToken: false,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo(_ctx, indicator) {
        if (indicator !== resource) throw new oidc.errors.InvalidTarget()
        return resourceServerOf(parts)
      },
    },
  }
}

function resourceServerOf({ options, scopes, resource }: ProviderParts) {
  return {
    scope: [BASE_SCOPE, ...scopes].join(' '),
    audience: resource,
    accessTokenTTL: Math.ceil(options.accessTokenMs / 1000),
    accessTokenFormat: 'jwt' as const,
    jwt: { sign: { alg: SIGNING_ALG } as const },
  }
}

interface IssuedToken {
  readonly accountId?: string
  readonly clientId?: string
  readonly grantId?: string
  readonly scope?: string
}

/** A token has no scope that the roles of whom it stands for do not have now. A machine that names none gets all it has. */
function limitScope(parts: ProviderParts, token: IssuedToken, jwt: { payload: Record<string, unknown> }): undefined {
  const roles = holderOf(parts, token)?.roles ?? []
  const granted = [BASE_SCOPE, ...parts.scopesOf(roles)]
  const asked = token.scope?.split(' ') ?? (token.accountId === undefined ? granted : [])
  jwt.payload.scope = granted.filter((scope) => asked.includes(scope)).join(' ')
}

function holderOf({ users, options }: ProviderParts, { accountId, clientId }: IssuedToken) {
  if (accountId !== undefined) return users.active(accountId)
  return options.clients.find(({ id }) => id === clientId)?.machine
}

/** Claims beside those of RFC 9068: roles and tenant as they are now, and the grant, by which the token can be revoked. */
function claimsOf(parts: ProviderParts, token: IssuedToken): Record<string, unknown> | undefined {
  const who = holderOf(parts, token)
  if (who === undefined) return undefined
  const { roles, tenant } = who
  const grant = token.grantId === undefined ? {} : { grant_id: token.grantId }
  return { roles: [...roles], ...(tenant === undefined ? {} : { tenant }), ...grant }
}

/** Sign in, unless the browser has; then agree, every time. */
function policyOf(oidc: Packages['oidc']) {
  const { base, Prompt, Check } = oidc.interactionPolicy
  const policy = base()
  policy.remove('consent')
  policy.add(
    new Prompt(
      { name: 'consent', requestable: true },
      new Check('not_agreed', 'the user has to agree', 'consent_required', (ctx) =>
        ctx.oidc.result?.consent?.grantId === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    ),
  )
  return policy
}

function ttlOf(options: EmbeddedOptions): NonNullable<Configuration['ttl']> {
  const seconds = (ms: number) => (): number => Math.ceil(ms / 1000)
  return {
    AccessToken: seconds(options.accessTokenMs),
    AuthorizationCode: () => 60,
    ClientCredentials: seconds(options.accessTokenMs),
    Grant: seconds(options.grantMs),
    IdToken: seconds(options.accessTokenMs),
    Interaction: () => 900,
    RefreshToken: seconds(options.refreshTokenMs),
    Session: seconds(options.sessionMs),
  }
}

/** A page may ask for tokens where codes are sent to its origin. */
function isOriginOf(origin: string, redirectUris: readonly string[]): boolean {
  const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/
  return redirectUris.some((uri) => {
    const own = new URL(uri).origin
    return own === origin || (loopback.test(origin) && loopback.test(own))
  })
}
