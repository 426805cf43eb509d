import type { JSONWebKeySet } from 'jose'
import type { Observer } from '../../observe/observation.ts'
import type { ReplayStore } from '../../storage/replay-store.ts'
import type { Authenticator } from '../authenticator.ts'
import { fetchDocument } from './fetch-document.ts'
import { settingsOf } from './issuer-settings.ts'
import { createOAuthAuthenticator } from './oauth-authenticator.ts'
import type { IssuerOptions, OAuthOptions } from './options.ts'
import { createProtectedResource, type ProtectedResource } from './protected-resource.ts'
import { createTokenIssuer, type ResolveClaims } from './token-issuer.ts'

/** Access tokens are let in. */
export interface OAuth {
  readonly authenticator: Authenticator
  readonly resource: ProtectedResource
  /** Fetches the keys of every issuer; one that is down is told of in the log and no reason not to start. */
  warmUp(): Promise<void>
}

/** An issuer in this process, such as an embedded authorization server. */
export interface LocalIssuer {
  readonly options: IssuerOptions
  /** Its public keys; the same object while they are the same. */
  readonly keys: () => JSONWebKeySet
  /** Whom a token stands for now; `undefined` when it was taken away. */
  readonly resolve: ResolveClaims
}

/** What OAuth works with. */
export interface OAuthSetup {
  readonly options: OAuthOptions
  readonly localIssuers?: readonly LocalIssuer[]
  /** Names of the roles that the configuration defines. */
  readonly roleNames: readonly string[]
  /** Of the endpoint. */
  readonly path: string
  /** Of the server, for people. */
  readonly name: string
  readonly publicUrl: () => string
  readonly nonceKey: Uint8Array
  /** Where proofs are remembered. */
  readonly replays: ReplayStore
  readonly clock: () => number
  readonly observer: Observer
  /** Ends every fetch. */
  readonly signal: AbortSignal
}

/** Opens a resource server of OAuth 2.1. Nothing is fetched before `warmUp` or the first token. */
export function openOAuth(setup: OAuthSetup): OAuth {
  const { options, localIssuers = [], roleNames, clock, observer, signal } = setup
  const all = [
    ...localIssuers,
    ...options.issuers.map((one) => ({ options: one, keys: undefined, resolve: undefined })),
  ]
  const known = all.map(({ options: own, keys, resolve }) => ({
    settings: settingsOf(own, roleNames),
    localKeys: keys,
    resolve,
  }))
  const resource = createProtectedResource({ ...setup, issuers: known.map(({ settings }) => settings) })
  const issuers = known.map(({ settings, localKeys, resolve }) => {
    const audiences = (): readonly string[] => (settings.audiences.length === 0 ? [resource.url] : settings.audiences)
    return createTokenIssuer({ settings, localKeys, resolve, audiences, fetch: fetchDocument, clock, observer, signal })
  })
  const { replays } = setup
  return {
    authenticator: createOAuthAuthenticator({ resource, issuers, replays, nonceKey: setup.nonceKey, clock }),
    resource,
    warmUp: async () => {
      await Promise.all(issuers.map((issuer) => issuer.warmUp()))
    },
  }
}
