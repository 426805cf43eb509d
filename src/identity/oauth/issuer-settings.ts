import type { Algorithm, ClaimPath, IssuerOptions } from './options.ts'
import { PRESETS, type Preset, STANDARD } from './presets.ts'

/** Names of members, one inside the other. */
export type Path = readonly string[]

/** Where in a token each part of a principal stands. */
export interface ClaimPaths {
  readonly user: Path
  readonly tenant: Path | undefined
  readonly roles: Path | undefined
  /** Tried in turn; `undefined` where scopes do not limit. */
  readonly scopes: readonly Path[] | undefined
  /** Tried in turn. */
  readonly client: readonly Path[]
  readonly further: readonly (readonly [string, Path])[]
}

/** How an issuer is asked about a token. */
export interface IntrospectionSettings {
  /** `undefined`: what the metadata say. */
  readonly endpoint: string | undefined
  /** `tokeninfo` is Google's way: the token is the credential, and there is no `active`. */
  readonly form: 'rfc7662' | 'tokeninfo'
  readonly clientId: string
  readonly clientSecret: string
  readonly tokens: 'opaque' | 'all'
}

/** Everything that a token of one issuer is held to. */
export interface IssuerSettings {
  readonly issuer: string
  /** Empty: the resource. */
  readonly audiences: readonly string[]
  readonly algorithms: readonly Algorithm[]
  readonly jwksUri: string | undefined
  /** In lower case, without `application/`; `none` where it may be absent. Empty: no JWT of this issuer is let in. */
  readonly tokenTypes: ReadonlySet<string>
  readonly maxTokenAgeSeconds: number
  readonly clockToleranceSeconds: number
  readonly maxStaleKeysSeconds: number
  readonly fixed: Readonly<Record<string, readonly string[]>>
  readonly claims: ClaimPaths
  readonly roleMap: ReadonlyMap<string, readonly string[]> | undefined
  /** Those that the configuration defines: no other name in a token means anything. */
  readonly knownRoles: ReadonlySet<string>
  readonly defaultRoles: readonly string[]
  readonly introspection: IntrospectionSettings | undefined
  readonly dpop: 'off' | 'allowed' | 'required'
  readonly dpopNonce: boolean
  readonly requireCertificate: boolean
}

const DEFAULT_ALGORITHMS: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']

/** The options of an issuer with what follows from its preset. */
export function settingsOf(options: IssuerOptions, roleNames: readonly string[]): IssuerSettings {
  const preset = options.preset === undefined ? STANDARD : PRESETS[options.preset]
  const { issuer, jwksUri, roles, defaultRoles, dpop, dpopNonce, requireCertificate } = options
  const { maxTokenAgeSeconds, clockToleranceSeconds, maxStaleKeysSeconds } = options
  const types = options.tokenTypes ?? preset.tokenTypes ?? []
  return {
    ...{ issuer, jwksUri, defaultRoles, dpop, dpopNonce, requireCertificate },
    ...{ maxTokenAgeSeconds, clockToleranceSeconds, maxStaleKeysSeconds },
    audiences: options.audience === undefined ? [] : [options.audience].flat(),
    algorithms: options.algorithms ?? preset.algorithms ?? DEFAULT_ALGORITHMS,
    tokenTypes: new Set(types.map(plainType)),
    fixed: preset.fixed ?? {},
    claims: claimPathsOf(options, preset),
    roleMap: roles === undefined ? undefined : new Map(Object.entries(roles)),
    knownRoles: new Set(roleNames),
    introspection: introspectionOf(options, preset),
  }
}

/** RFC 7515 §4.1.9: case does not matter, and `application/` may be left out. */
export function plainType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '')
}

function claimPathsOf({ claims = {} }: IssuerOptions, preset: Preset): ClaimPaths {
  const given = { ...preset.claims, ...claims }
  const optional = (path: ClaimPath | undefined): Path | undefined => (path === undefined ? undefined : pathOf(path))
  const scopes = given.scopes ?? undefined
  return {
    user: pathOf(given.user ?? 'sub'),
    tenant: optional(given.tenant),
    roles: optional(given.roles),
    scopes: scopes === false ? undefined : scopes === undefined ? [['scope'], ['scp']] : [pathOf(scopes)],
    client: given.client === undefined ? (preset.clientClaims ?? []).map((name) => [name]) : [pathOf(given.client)],
    further: Object.entries(given.further ?? {}).map(([name, path]) => [name, pathOf(path)] as const),
  }
}

/** A claim whose name is a URL (OIDC Core §5.1.2) has dots that lead nowhere. */
function pathOf(path: ClaimPath): Path {
  if (typeof path !== 'string') return path
  return path.includes('://') ? [path] : path.split('.')
}

function introspectionOf({ introspection }: IssuerOptions, preset: Preset): IntrospectionSettings | undefined {
  if (introspection !== undefined) return { endpoint: undefined, form: 'rfc7662', ...introspection }
  if (preset.tokenInfo === undefined) return undefined
  return { endpoint: preset.tokenInfo, form: 'tokeninfo', clientId: '', clientSecret: '', tokens: 'opaque' }
}
