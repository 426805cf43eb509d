import { z } from 'zod'

/** Algorithms that a token may be signed with; all are asymmetric, so that who checks a token cannot make one. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

export type Algorithm = (typeof ALGORITHMS)[number]

export const PRESETS = ['auth0', 'entra', 'google', 'keycloak', 'okta'] as const

export type PresetName = (typeof PRESETS)[number]

/** A claim: `realm_access.roles` goes into objects; a list of names takes each as it is, dots and all. */
export type ClaimPath = string | readonly string[]

/** Which claims say who somebody is. */
export interface ClaimOptions {
  readonly user?: ClaimPath
  readonly tenant?: ClaimPath
  readonly roles?: ClaimPath
  readonly scopes?: ClaimPath | false
  readonly client?: ClaimPath
  readonly further?: Readonly<Record<string, ClaimPath>>
}

/** How an issuer is asked about a token (RFC 7662). */
export interface IntrospectionOptions {
  readonly endpoint?: string
  readonly clientId: string
  readonly clientSecret: string
  readonly tokens: 'opaque' | 'all'
}

/** Who issues tokens, and what is made of them. */
export interface IssuerOptions {
  readonly issuer: string
  readonly preset?: PresetName
  readonly audience?: string | readonly string[]
  readonly algorithms?: readonly Algorithm[]
  readonly jwksUri?: string
  readonly tokenTypes?: readonly string[]
  readonly maxTokenAgeSeconds: number
  readonly clockToleranceSeconds: number
  readonly maxStaleKeysSeconds: number
  readonly claims?: ClaimOptions
  readonly roles?: Readonly<Record<string, readonly string[]>>
  readonly defaultRoles: readonly string[]
  readonly introspection?: IntrospectionOptions
  readonly dpop: 'off' | 'allowed' | 'required'
  readonly dpopNonce: boolean
  readonly requireCertificate: boolean
}

/** Whose tokens are let in. */
export interface OAuthOptions {
  readonly resource?: string
  readonly scopes: readonly string[]
  readonly issuers: readonly IssuerOptions[]
}

/** `https`, or `http` on this machine; without credentials, query or fragment (RFC 8414 §2, RFC 8707 §2). */
const SAFE_URL = /^(https:\/\/[^\s/?#@]+|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?)(\/[^\s?#]*)?$/
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

const url = z.string().regex(SAFE_URL, { error: 'a URL that starts with https://, without query and fragment' })
const seconds = (min: number, max: number): z.ZodNumber => z.int().min(min).max(max)
const text = z.string().min(1).max(512)
const path: z.ZodType<ClaimPath> = z.union([text, z.array(text).min(1).max(8)])
const scope = z.string().regex(SCOPE, { error: 'a scope: printable ASCII without spaces, quotes and backslashes' })

const claims: z.ZodType<ClaimOptions> = z
  .strictObject({
    user: path.exactOptional().describe('The person; default `sub`.'),
    tenant: path
      .exactOptional()
      .describe('The tenant; a token without it is refused then. No default, except by preset.'),
    roles: path.exactOptional().describe('Roles: a text or a list of them.'),
    scopes: z
      .union([path, z.literal(false)])
      .exactOptional()
      .describe('Scopes: a list, or a text with spaces; default `scope`, then `scp`. `false`: roles alone decide.'),
    client: path.exactOptional().describe('The OAuth client; default `client_id`.'),
    further: z
      .record(z.string().regex(/^[A-Za-z0-9_.:/-]{1,128}$/), path)
      .exactOptional()
      .describe('Further attributes of the principal, each with the claim it comes from.'),
  })
  .describe(
    'Which claims say who somebody is. `realm_access.roles` goes into objects; a list of names takes each as it is.',
  )

const introspection: z.ZodType<IntrospectionOptions> = z
  .strictObject({
    endpoint: url.exactOptional().describe('Where the issuer is asked; default: what its metadata say.'),
    clientId: text.describe('As whom it is asked.'),
    clientSecret: text.describe('With which secret; take it from the environment.'),
    tokens: z
      .enum(['opaque', 'all'])
      .default('opaque')
      .describe('Which tokens it is asked about. With `all` a JWT that was revoked is refused within 30 seconds.'),
  })
  .describe('How an issuer is asked about tokens that say nothing themselves (RFC 7662).')

const issuer: z.ZodType<IssuerOptions> = z.strictObject({
  issuer: url.describe('The issuer, character by character as its tokens and its metadata name it.'),
  preset: z.enum(PRESETS).exactOptional().describe('What kind of issuer it is; defaults for the rest follow from it.'),
  audience: z
    .union([text, z.array(text).min(1)])
    .exactOptional()
    .describe('What `aud` must hold, exactly; one of these, where there are several. Default: the resource.'),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).exactOptional().describe('Algorithms that tokens may be signed with.'),
  jwksUri: url.exactOptional().describe('Where its keys are; default: what its metadata say.'),
  tokenTypes: z
    .array(z.string().regex(/^[A-Za-z0-9+./-]{1,64}$/))
    .min(1)
    .exactOptional()
    .describe('What `typ` of a JWT may be; `none` stands for its absence. Default: `at+jwt` (RFC 9068).'),
  maxTokenAgeSeconds: seconds(60, 2_592_000)
    .default(86_400)
    .describe('Seconds after its issue from which a token is refused, whatever it says.'),
  clockToleranceSeconds: seconds(0, 300).default(30).describe('Seconds by which clocks may differ.'),
  maxStaleKeysSeconds: seconds(0, 86_400)
    .default(3600)
    .describe('Seconds for which its keys still count while it cannot be reached.'),
  claims: claims.exactOptional(),
  roles: z
    .record(text, z.array(text))
    .exactOptional()
    .describe(
      'Roles of the issuer, and the roles that whoever has one gets. Without it they count by their own names.',
    ),
  defaultRoles: z.array(text).default([]).describe('Roles of everybody with a token of this issuer.'),
  introspection: introspection.exactOptional(),
  dpop: z
    .enum(['off', 'allowed', 'required'])
    .default('allowed')
    .describe('Whether tokens may or must be bound to a key of the client (RFC 9449).'),
  dpopNonce: z.boolean().default(false).describe('Whether a proof must hold a nonce of this server (RFC 9449 §9).'),
  requireCertificate: z
    .boolean()
    .default(false)
    .describe('Whether tokens must be bound to the certificate of the client (RFC 8705).'),
})

const fields = {
  resource: url
    .exactOptional()
    .describe('The resource that tokens are issued for (RFC 8707). Default: `server.publicUrl` and `server.path`.'),
  scopes: z.array(scope).default([]).describe('Scopes that clients are told to ask for.'),
  issuers: z.array(issuer).default([]).describe('Whose tokens are let in.'),
}

/** The options under `access.oauth`, with those of an authorization server in the same process. */
export function accessTokenOptions<Embedded>(
  embedded: z.ZodType<Embedded>,
): z.ZodType<OAuthOptions & { readonly embedded?: Embedded }> {
  return z
    .strictObject({
      ...fields,
      embedded: embedded
        .exactOptional()
        .describe('Toolgate signs users in itself; see docs/how-to/sign-in-without-an-identity-provider.md.'),
    })
    .refine(({ issuers, embedded: own }) => issuers.length > 0 || own !== undefined, {
      error: 'issuers, or `embedded`',
    })
    .describe(
      'Access tokens of OAuth 2.1; see docs/how-to/accept-tokens-of-your-identity-provider.md. `embedded` alone, in place of the ' +
        'mapping, means that with every default.',
    )
}

/** The same without one. */
export const oauthOptions: z.ZodType<OAuthOptions> = z.strictObject(fields)
