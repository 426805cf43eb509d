import { ToolgateError } from '../../errors.ts'
import { type Challenge, writeChallenge } from '../challenge.ts'
import type { Principal } from '../principal.ts'
import { missingCredential, type Refusal } from '../refusal.ts'
import type { IssuerSettings } from './issuer-settings.ts'
import type { OAuthOptions } from './options.ts'
import { DPOP_ALGORITHMS } from './verify-dpop.ts'

/** This server as OAuth sees it: what tokens are issued for, and what those without a right one are told. */
export interface ProtectedResource {
  /** The canonical URL (RFC 8707 §2). */
  readonly url: string
  /** Origin, and path before that of a request, as clients know them; without a slash at the end. */
  readonly base: string
  /** Whether the metadata are at this path. */
  hasMetadataAt(path: string): boolean
  /** The metadata (RFC 9728 §2). */
  readonly metadata: Readonly<Record<string, unknown>>
  /** For a request without a credential. */
  readonly missing: Refusal
  /** For one with another scheme than `Bearer` and `DPoP`. */
  readonly unsupportedScheme: Refusal
  /** For every token that lets nobody in: told alike, whatever the reason. */
  invalid(reason: string): Refusal
  /** For a proof that is right but for its nonce. */
  withoutNonce(nonce: string): Refusal
  /** A challenge for credentials of any kind, with the way to the metadata (RFC 9728 §5.1). */
  withMetadata(challenge: string): string
  /** The `WWW-Authenticate` of a call that wants these scopes, all of them; `undefined` for who has no token. */
  challengeForScopes(principal: Principal, scopes: readonly string[]): string | undefined
}

/** What it is made of. */
export interface ResourceParts {
  readonly options: OAuthOptions
  readonly issuers: readonly IssuerSettings[]
  /** Path of the endpoint. */
  readonly path: string
  /** Of the server, for people. */
  readonly name: string
  /** `server.publicUrl` or, where there is none, where the server listens now. */
  readonly publicUrl: () => string
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const HINT =
  'Get an access token from the authorization server that the resource metadata name, and send it as `Authorization: Bearer …`.'

const missing = new ToolgateError({
  code: 'UNAUTHENTICATED',
  message: 'This server wants an access token.',
  hint: HINT,
})
const invalid = new ToolgateError({ code: 'UNAUTHENTICATED', message: 'The access token is not valid.', hint: HINT })

/** Where a server listens becomes known late, so what follows from it is made when it is asked for. */
export function createProtectedResource(parts: ResourceParts): ProtectedResource {
  const { options, path, publicUrl, issuers } = parts
  const base = (): string => publicUrl().replace(/\/$/, '')
  const url = (): string => options.resource ?? base() + path
  const challenges = createChallenges(issuers, options, () => metadataUrl(url()))
  const refusal = (error: ToolgateError, challenge: string, reason: string): Refusal => ({
    ...{ kind: 'refused', reason, error, challenge },
  })
  return {
    get url() {
      return url()
    },
    get base() {
      return base()
    },
    hasMetadataAt(asked) {
      if (!asked.startsWith(WELL_KNOWN)) return false
      const rest = asked.slice(WELL_KNOWN.length)
      return rest === '' || rest === path || rest === new URL(url()).pathname
    },
    get metadata() {
      return metadataOf(parts, url())
    },
    get missing() {
      return refusal(missing, challenges.write(), missingCredential.reason)
    },
    get unsupportedScheme() {
      return refusal(missing, challenges.write(), 'neither a bearer token nor one with a proof')
    },
    invalid: (reason) => refusal(invalid, challenges.write({ error: 'invalid_token' }), reason),
    withoutNonce: (nonce) => ({
      ...refusal(invalid, challenges.writeDpop({ error: 'use_dpop_nonce' }), 'the proof has no nonce of this server'),
      dpopNonce: nonce,
    }),
    withMetadata(challenge) {
      return challenge.includes('resource_metadata=')
        ? challenge
        : `${challenge}, resource_metadata="${metadataUrl(url())}"`
    },
    challengeForScopes({ kind }, scopes) {
      if (kind !== 'oauth') return undefined
      return challenges.write({ error: 'insufficient_scope', scope: scopes.join(' ') })
    },
  }
}

interface Challenges {
  write(challenge?: Challenge): string
  writeDpop(challenge: Challenge): string
}

/** `Bearer` comes first, since many clients read no further; `DPoP` is named where some token must be bound. */
function createChallenges(issuers: readonly IssuerSettings[], { scopes }: OAuthOptions, at: () => string): Challenges {
  const scope = scopes.length === 0 ? {} : { scope: scopes.join(' ') }
  const isBound = issuers.some(({ dpop }) => dpop === 'required')
  const algorithms = DPOP_ALGORITHMS.join(' ')
  const writeDpop = (challenge: Challenge): string => writeChallenge({ scheme: 'DPoP', algorithms, ...challenge })
  return {
    write(challenge = {}) {
      const bearer = writeChallenge({ ...scope, ...challenge, resourceMetadata: at() })
      return isBound ? `${bearer}, ${writeDpop(challenge)}` : bearer
    },
    writeDpop: (challenge) => writeDpop({ ...challenge, resourceMetadata: at() }),
  }
}

/** RFC 9728 §3.1: the well-known part goes between host and path. */
function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource)
  return origin + WELL_KNOWN + (pathname === '/' ? '' : pathname)
}

function metadataOf({ options, issuers, name }: ResourceParts, url: string): Readonly<Record<string, unknown>> {
  const scopes = options.scopes.filter((scope) => scope !== 'offline_access')
  return {
    resource: url,
    authorization_servers: issuers.map(({ issuer }) => issuer),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    resource_name: name,
    ...(issuers.some(({ dpop }) => dpop !== 'off') ? { dpop_signing_alg_values_supported: DPOP_ALGORITHMS } : {}),
    ...(issuers.every(({ dpop }) => dpop === 'required') ? { dpop_bound_access_tokens_required: true } : {}),
    ...(issuers.some((one) => one.requireCertificate) ? { tls_client_certificate_bound_access_tokens: true } : {}),
  }
}
