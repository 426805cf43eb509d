import { type EmbeddedOptions, isRedirectUri, type OAuthClientOptions } from './options.ts'

/** Client metadata (RFC 7591 §2) as far as the server looks at it. */
type Metadata = Readonly<Record<string, unknown>>

/** Scope of every token: use what the roles permit without a scope. */
export const BASE_SCOPE = 'mcp'

/** The clients of the configuration as client metadata. */
export function staticClients({ clients }: EmbeddedOptions): (Record<string, unknown> & { client_id: string })[] {
  return clients.map(toMetadata)
}

function toMetadata({
  id,
  name,
  redirectUris,
  secret,
  jwks,
  machine,
}: OAuthClientOptions): Record<string, unknown> & { client_id: string } {
  const isForUsers = redirectUris.length > 0
  const grants = [
    ...(isForUsers ? ['authorization_code', 'refresh_token'] : []),
    ...(machine === undefined ? [] : ['client_credentials']),
  ]
  return {
    client_id: id,
    client_name: name ?? id,
    redirect_uris: [...redirectUris],
    grant_types: grants,
    response_types: isForUsers ? ['code'] : [],
    ...authenticationOf({ secret, jwks }),
  }
}

function authenticationOf({
  secret,
  jwks,
}: {
  secret: string | undefined
  jwks: OAuthClientOptions['jwks']
}): Metadata {
  if (jwks !== undefined) return { token_endpoint_auth_method: 'private_key_jwt', jwks: structuredClone(jwks) }
  if (secret !== undefined) return { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret }
  return { token_endpoint_auth_method: 'none' }
}

/**
 * Why a client cannot be taken, however it is known: a redirect URI that is neither https nor this machine (MCP
 * Authorization, Communication Security), or a key set of its own that the server would have to fetch.
 */
export function refuseClient({
  redirect_uris: uris,
  jwks_uri: jwksUri,
  sector_identifier_uri: sector,
}: Metadata): string | undefined {
  if (jwksUri !== undefined || sector !== undefined)
    return 'jwks_uri and sector_identifier_uri are not taken, send jwks'
  const isWrong =
    Array.isArray(uris) &&
    (uris.length > 50 || uris.some((uri) => typeof uri !== 'string' || uri.length > 2_000 || !isRedirectUri(uri)))
  return isWrong ? 'redirect_uris must be https:// or http:// to localhost, without a fragment' : undefined
}
