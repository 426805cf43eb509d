import type { DocumentAnswer, FetchDocument } from './fetch-document.ts'
import type { IssuerSettings } from './issuer-settings.ts'

/** What of an issuer's metadata is used (RFC 8414 §2). */
export interface IssuerMetadata {
  readonly jwksUri: string | undefined
  readonly introspectionEndpoint: string | undefined
}

/** Asks an issuer, as `fetchDocument` does, with the hosts that the operator named for it. */
export type AskIssuer = (
  url: string,
  more?: { form?: URLSearchParams; headers?: Record<string, string> },
) => Promise<DocumentAnswer>

/** Binds a fetch to what the operator wrote about one issuer. Everything ends with `signal`. */
export function createAskIssuer(settings: IssuerSettings, fetch: FetchDocument, signal: AbortSignal): AskIssuer {
  const written = [settings.issuer, settings.jwksUri, settings.introspection?.endpoint]
  const namedHosts = new Set(written.flatMap((url) => (url === undefined ? [] : [new URL(url).host])))
  return (url, more = {}) => fetch({ url, namedHosts, signal, ...more })
}

/**
 * Discovers an issuer: OpenID Connect Discovery §4.1, which all of the presets have, then RFC 8414 §3.1. The document must name
 * the issuer exactly (RFC 8414 §3.3), or another's keys would be taken for its own. Rejects when there is none.
 */
export async function discoverIssuer(issuer: string, ask: AskIssuer): Promise<IssuerMetadata> {
  let status = 0
  for (const url of metadataUrls(issuer)) {
    const { body, ...answer } = await ask(url)
    if (body !== undefined) return readMetadata(issuer, body)
    status = answer.status
  }
  throw new Error(`its metadata cannot be read: ${new URL(issuer).host} answers ${status}`)
}

function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

function readMetadata(issuer: string, document: Readonly<Record<string, unknown>>): IssuerMetadata {
  if (document.issuer !== issuer) throw new Error('its metadata name another issuer')
  const { jwks_uri: jwksUri, introspection_endpoint: introspectionEndpoint } = document
  return {
    jwksUri: typeof jwksUri === 'string' ? jwksUri : undefined,
    introspectionEndpoint: typeof introspectionEndpoint === 'string' ? introspectionEndpoint : undefined,
  }
}
