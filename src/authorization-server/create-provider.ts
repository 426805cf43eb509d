import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Observer } from '../observe/observation.ts'
import type { OAuthStore } from '../storage/oauth-store.ts'
import type { Buckets } from './buckets.ts'
import { BASE_SCOPE } from './clients.ts'
import { limitNetwork } from './limit-network.ts'
import { sendPage } from './pages/layout.ts'
import { messagePage } from './pages/pages.ts'
import { createProviderConfig, type ProviderParts, ROUTES } from './provider-config.ts'
import { createRecords } from './records.ts'
import type { Secrets } from './seal.ts'

type Parts = Omit<ProviderParts, 'scopes' | 'records' | 'cookieKey' | 'dpopKey' | 'renderError' | 'allowFetch'> & {
  readonly storage: { readonly oauth: OAuthStore }
  readonly secrets: Secrets
  readonly roles: readonly string[]
  readonly buckets: Buckets
  readonly clock: () => number
  readonly observer: Observer
}

/** Makes the oidc-provider with these keys: its configuration, what is remembered, and what of it is told. */
export function createProvider(parts: Parts): Provider {
  const { oidc, issuer, options, storage, secrets, clock, observer, buckets } = parts
  const { errors } = oidc
  const scopes = parts.scopesOf(parts.roles)
  const records = createRecords({
    ...{
      store: storage.oauth,
      secrets,
      clock,
      maxClients: options.registration.max,
      clientTtlMs: options.registration.ttlMs,
    },
    refuse: (why) => REFUSALS[why](errors),
    revoked: () => observer({ type: 'grant.changed', change: 'revoked' }),
  })
  const config = createProviderConfig({
    ...parts,
    scopes,
    records,
    cookieKey: secrets.key('oauth cookies'),
    dpopKey: secrets.key('oauth dpop nonces'),
    renderError,
    allowFetch: (ctx) => isFetchAllowed(buckets, ctx),
  })
  const provider = new oidc.Provider(issuer, config)
  // The addresses it writes are those of the issuer (see `takeFromIssuer`), never those of a Host header.
  provider.proxy = true
  provider.silent = true
  provider.use(async (ctx, next) => {
    await next()
    if (ctx.path === ROUTES.metadata && typeof ctx.body === 'object')
      ctx.body = trimMetadata(ctx.body as Metadata, scopes)
  })
  provider.on('server_error', (_ctx, cause) =>
    observer({ type: 'fault', message: 'The authorization server failed.', cause }),
  )
  return provider
}

type Errors = Parts['oidc']['errors']

const REFUSALS: Readonly<Record<'full' | 'replay' | 'used', (errors: Errors) => Error>> = {
  full: ({ TemporarilyUnavailable }) => new TemporarilyUnavailable('there is no room for more at the moment'),
  replay: ({ InvalidRequest }) => new InvalidRequest('the proof or assertion was used before'),
  used: ({ InvalidGrant }) => new InvalidGrant('used before'),
}

/** Documents of strangers are fetched only so often for one network; outside a request none is. */
function isFetchAllowed(buckets: Buckets, ctx: KoaContextWithOIDC | undefined): boolean {
  if (ctx === undefined) return true
  try {
    limitNetwork(buckets, ctx.req, 'document')
    return true
  } catch {
    return false
  }
}

type Metadata = Readonly<Record<string, unknown>>

/** What is OpenID Connect's and off here, and what would only be said with nothing behind it. */
const LEFT_OUT =
  /^(id_token|claims?_|subject_types|acr_values|request_|userinfo|end_session|display_values|ui_locales|backchannel|claim_types|introspection)/

function trimMetadata(metadata: Metadata, scopes: readonly string[]): Metadata {
  const kept = Object.entries(metadata).filter(([name]) => !LEFT_OUT.test(name))
  return {
    ...Object.fromEntries(kept),
    scopes_supported: [BASE_SCOPE, ...scopes, 'offline_access'],
    response_modes_supported: ['query'],
  }
}

/** What went wrong, where it must not be told to an address that nobody has vouched for. */
async function renderError(
  ctx: KoaContextWithOIDC,
  out: { error: string; error_description?: string | undefined },
): Promise<void> {
  const status = ctx.status
  ctx.respond = false
  const description =
    out.error === 'server_error' ? 'The log of the server has the cause.' : (out.error_description ?? '')
  sendPage(
    ctx.res,
    messagePage(
      'This did not work',
      `${EXPLAINED[out.error] ?? 'The program that sent you here has asked for something that is not possible.'} (${out.error}${description === '' ? '' : `: ${description}`})`,
      status,
    ),
  )
}

const EXPLAINED: Readonly<Record<string, string>> = {
  invalid_client: 'The program that sent you here is not known to this server.',
  invalid_redirect_uri: 'The program wants the answer at an address that it has not stated beforehand.',
  server_error: 'Something failed on the server.',
}
