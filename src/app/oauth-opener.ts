import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import type { OAuth, OAuthSetup } from '../identity/oauth/open-oauth.ts'

/** Where the server listens, once it does. */
export interface ServedAt {
  /** Scheme, host and port. */
  origin: string | undefined
}

interface Parts extends Pick<OAuthSetup, 'clock' | 'observer' | 'signal' | 'nonceKey'> {
  readonly servedAt: ServedAt
}

/** Opens OAuth as a configuration says; `undefined` where it says nothing of it, and then none of its code is loaded. */
export type OpenOAuth = (config: Config) => Promise<OAuth | undefined>

/** What stays the same keeps its keys and the tokens that it knows, across a new configuration. */
export function createOAuthOpener({ servedAt, ...parts }: Parts): OpenOAuth {
  let last: { readonly from: unknown; readonly oauth: OAuth } | undefined
  return async (config) => {
    const { access, server, title, name } = config
    if (access.oauth === undefined) return undefined
    const roleNames = Object.keys(access.roles)
    const from = [access.oauth, roleNames, server.publicUrl, server.path, title, name]
    if (last !== undefined && isDeepStrictEqual(last.from, from)) return last.oauth
    const { openOAuth } = await import('../identity/oauth/open-oauth.ts')
    const publicUrl = (): string => server.publicUrl ?? servedAt.origin ?? 'http://localhost'
    const told = { options: access.oauth, roleNames, path: server.path, name: title ?? name, publicUrl }
    last = { from, oauth: openOAuth({ ...parts, ...told }) }
    return last.oauth
  }
}
