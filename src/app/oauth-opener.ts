import { isDeepStrictEqual } from 'node:util'
import type { JSONWebKeySet } from 'jose'
import type { AuthorizationServer } from '../authorization-server/create-authorization-server.ts'
import type { Config } from '../config/config.ts'
import type { LocalIssuer, OAuth, OAuthSetup } from '../identity/oauth/open-oauth.ts'

/** Where the server listens, once it does. */
export interface ServedAt {
  /** Scheme, host and port. */
  origin: string | undefined
}

/** An authorization server in the same process, once it serves. */
export type EmbeddedServer = () => Pick<AuthorizationServer, 'issuer' | 'resource' | 'jwks' | 'resolve'> | undefined

interface Parts extends Pick<OAuthSetup, 'clock' | 'observer' | 'signal' | 'nonceKey' | 'replays'> {
  readonly servedAt: ServedAt
  readonly embedded: EmbeddedServer
}

/** Opens OAuth as a configuration says; `undefined` where it says nothing of it, and then none of its code is loaded. */
export type OpenOAuth = (config: Config) => Promise<OAuth | undefined>

/** What stays the same keeps its keys and the tokens that it knows, across a new configuration. */
export function createOAuthOpener({ servedAt, embedded, ...parts }: Parts): OpenOAuth {
  let last: { readonly from: unknown; readonly server: unknown; readonly oauth: OAuth } | undefined
  return async (config) => {
    const { access, server, title, name } = config
    if (access.oauth === undefined) return undefined
    const roleNames = Object.keys(access.roles)
    const from = [access.oauth, roleNames, server.publicUrl, server.path, title, name]
    const own = embedded()
    if (last !== undefined && last.server === own && isDeepStrictEqual(last.from, from)) return last.oauth
    const { openOAuth } = await import('../identity/oauth/open-oauth.ts')
    const publicUrl = (): string => server.publicUrl ?? servedAt.origin ?? 'http://localhost'
    const told = { options: access.oauth, roleNames, path: server.path, name: title ?? name, publicUrl }
    const localIssuers = own === undefined ? [] : [localIssuerOf(own)]
    last = { from, server: own, oauth: openOAuth({ ...parts, ...told, localIssuers }) }
    return last.oauth
  }
}

function localIssuerOf(server: NonNullable<ReturnType<EmbeddedServer>>): LocalIssuer {
  const { issuer, resource } = server
  return {
    options: {
      ...{ issuer, audience: resource, algorithms: ['ES256'], defaultRoles: [], claims: { roles: 'roles' } },
      ...{ maxTokenAgeSeconds: 86_400, clockToleranceSeconds: 0, maxStaleKeysSeconds: 0 },
      ...{ dpop: 'allowed', dpopNonce: false, requireCertificate: false },
    },
    keys: () => server.jwks() as unknown as JSONWebKeySet,
    resolve: ({ sub, client_id: clientId, grant_id: grantId }) =>
      server.resolve({
        sub: String(sub),
        ...(typeof clientId === 'string' ? { client_id: clientId } : {}),
        ...(typeof grantId === 'string' ? { grant_id: grantId } : {}),
      }),
  }
}
