import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import type { Observer } from '../observe/observation.ts'
import type { OAuthStore } from '../storage/oauth-store.ts'
import type { UserStore } from '../storage/user-store.ts'
import { createBuckets } from './buckets.ts'
import { noteAddress } from './client-address.ts'
import { createPageCookies } from './cookies.ts'
import { createProvider } from './create-provider.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { Packages } from './load-packages.ts'
import type { EmbeddedOptions } from './options.ts'
import { createPasswords } from './passwords.ts'
import { ROUTES } from './provider-config.ts'
import { createRecordIds } from './records.ts'
import type { Secrets } from './seal.ts'
import { servePath } from './serve-path.ts'
import type { ServerParts } from './server-parts.ts'
import { createSignInAttempts } from './sign-in-attempts.ts'
import { createSigningKeys, type SigningJwk } from './signing-keys.ts'
import { createUsers } from './users.ts'

/** What an authorization server is made of. */
export interface AuthorizationServerParts {
  readonly packages: Packages
  readonly options: EmbeddedOptions
  /** The origin, without a slash at its end: the `issuer` of RFC 8414. */
  readonly issuer: string
  /** URL of the MCP endpoint: the only resource that tokens are for. */
  readonly resource: string
  /** Scopes that these roles grant. */
  readonly scopesOf: (roles: readonly string[]) => readonly string[]
  /** What a scope allows, in the words that users read when they agree. */
  readonly describeScope: (scope: string) => string | undefined
  readonly roles: readonly string[]
  readonly storage: { readonly oauth: OAuthStore; readonly users: UserStore }
  readonly secrets: Secrets
  readonly observer: Observer
  readonly clock: () => number
  /** Fetches the documents of strangers; guarded by default. For tests. */
  readonly fetch?: (url: string | URL) => Promise<Response>
  /** Holds an answer back; for tests. */
  readonly wait?: (ms: number) => Promise<void>
}

/** Claims of a token that its signature was checked of. */
export interface TokenClaims {
  readonly sub: string
  readonly client_id?: string
  readonly grant_id?: string
}

/** Whom a token stands for, as things are now. */
export interface TokenSubject {
  /** The user's name, or the client's. */
  readonly name: string
  readonly roles: readonly string[]
  readonly tenant?: string
}

/** An OAuth 2.1 authorization server for local users, under the same origin as the MCP endpoint. */
export interface AuthorizationServer {
  readonly issuer: string
  readonly resource: string
  /** Whether it answers requests for this path, which has no query. */
  owns(path: string): boolean
  /**
   * Answers the request; `address` is whom it comes from. Host, framing of headers and duplicates were checked before. Never
   * rejects.
   */
  handle(request: IncomingMessage, response: ServerResponse, address?: string): Promise<void>
  /** The public keys that tokens are signed with. */
  jwks(): { readonly keys: readonly SigningJwk[] }
  /**
   * Whom a token with these claims stands for now; `undefined` when its grant was revoked, its user locked or removed, or its
   * client taken out. So a token that was taken away is worth nothing at once, not when it expires.
   */
  resolve(claims: TokenClaims): TokenSubject | undefined
}

/** Makes the server. Nothing is stored before somebody asks for something. */
export function createAuthorizationServer(given: AuthorizationServerParts): AuthorizationServer {
  const { packages, options, issuer, resource, storage, secrets, clock } = given
  const users = createUsers({ ...storage, secrets, clock })
  const { keyRotationMs: rotationMs, accessTokenMs } = options
  const keys = createSigningKeys({ store: storage.oauth, secrets, clock, rotationMs, accessTokenMs })
  const buckets = createBuckets(clock)
  const fetch = given.fetch ?? createGuardedFetch()
  const makeProvider = (): Provider =>
    createProvider({ ...given, oidc: packages.oidc, users, keys: keys.read(), fetch, buckets })
  const parts: ServerParts = {
    ...{ ...given, oidc: packages.oidc, users, buckets },
    passwords: createPasswords(packages.argon2, secrets),
    attempts: createSignInAttempts(buckets),
    cookies: createPageCookies(secrets.key('oauth pages'), issuer.startsWith('https:')),
    wait: given.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms).unref())),
    provider: currentProvider(
      () => [...keys.read().map(({ kid }) => kid), ...given.scopesOf(given.roles)],
      makeProvider,
    ),
  }
  const idOf = createRecordIds(secrets)
  return {
    issuer,
    resource,
    owns: (path) => path === ROUTES.metadata || path.startsWith('/oauth/'),
    handle(request, response, address) {
      if (address !== undefined) noteAddress(request, address)
      return servePath(parts, request, response)
    },
    jwks: () => keys.jwks(),
    resolve({ sub, client_id: clientId, grant_id: grantId }) {
      if (grantId === undefined) return machineOf(options, clientId ?? sub)
      const isThere = storage.oauth.find('Grant', idOf('Grant', grantId), clock()) !== undefined
      const user = isThere ? users.active(sub) : undefined
      return user === undefined ? undefined : subjectOf(user)
    },
  }
}

/** The provider is made anew when the keys or the scopes have changed; all that it knows is in storage. */
function currentProvider(read: () => readonly string[], make: () => Provider): () => Provider {
  let made: { readonly of: string; readonly provider: Provider } | undefined
  return () => {
    const of = read().join(' ')
    if (made?.of !== of) made = { of, provider: make() }
    return made.provider
  }
}

function machineOf({ clients }: EmbeddedOptions, id: string): TokenSubject | undefined {
  const client = clients.find((each) => each.id === id)
  return client?.machine === undefined ? undefined : subjectOf({ name: client.name ?? id, ...client.machine })
}

function subjectOf({ name, roles, tenant }: TokenSubject): TokenSubject {
  return { name, roles, ...(tenant === undefined ? {} : { tenant }) }
}
