import { z } from 'zod'

/** A client that the configuration knows. */
export interface OAuthClientOptions {
  readonly id: string
  readonly name?: string
  readonly redirectUris: readonly string[]
  readonly secret?: string
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] }
  readonly machine?: MachineOptions
}

/** What a client may do on its own behalf (client credentials). */
export interface MachineOptions {
  readonly roles: readonly string[]
  readonly tenant?: string
}

/** Whether and how many clients may register themselves (RFC 7591). */
export interface RegistrationOptions {
  readonly enabled: boolean
  readonly max: number
  readonly ttlMs: number
}

/** The embedded authorization server. */
export interface EmbeddedOptions {
  readonly accessTokenMs: number
  readonly refreshTokenMs: number
  readonly grantMs: number
  readonly sessionMs: number
  readonly keyRotationMs: number
  readonly clients: readonly OAuthClientOptions[]
  readonly clientMetadata: boolean
  readonly registration: RegistrationOptions
}

const DAY_MS = 86_400_000
const REDIRECT = /^(https:\/\/[^\s/?#@]+|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?)(\/[^\s#]*)?(\?[^\s#]*)?$/

/** Whether a code may be sent there: https, or http to this machine alone; no fragment, no user (OAuth 2.1 §2.3.1). */
export function isRedirectUri(uri: string): boolean {
  return REDIRECT.test(uri)
}

const milliseconds = (max: number): z.ZodNumber => z.int().min(1000).max(max)

const machine: z.ZodType<MachineOptions> = z
  .strictObject({
    roles: z.array(z.string().min(1)).min(1).describe('Roles of the client where it acts for itself.'),
    tenant: z.string().min(1).max(128).exactOptional().describe('Tenant that the client belongs to.'),
  })
  .describe('Lets the client act for itself, without a user (client credentials); it needs `jwks` or `secret`.')

const client: z.ZodType<OAuthClientOptions> = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{1,128}$/, { error: 'letters, digits and . _ ~ -' })
      .describe('The `client_id`.'),
    name: z.string().min(1).max(128).exactOptional().describe('What users are shown. Default: the id.'),
    redirectUris: z
      .array(z.string().regex(REDIRECT, { error: 'an https:// URL, or http:// to localhost, without a fragment' }))
      .default([])
      .describe('Where codes may be sent, exactly; on loopback any port is taken (RFC 8252 §7.3).'),
    secret: z
      .string()
      .min(32)
      .max(256)
      .exactOptional()
      .describe('Secret of the client, 32 characters or more; take it from the environment.'),
    jwks: z
      .strictObject({
        keys: z.array(z.record(z.string(), z.unknown())).min(1).max(10).describe('Its keys, as JWKs (RFC 7517).'),
      })
      .exactOptional()
      .describe('Public keys with which the client proves who it is (`private_key_jwt`); better than a secret.'),
    machine: machine.exactOptional(),
  })
  .refine((it) => it.secret === undefined || it.jwks === undefined, { error: 'either `secret` or `jwks`, not both' })
  .refine((it) => it.redirectUris.length > 0 || it.machine !== undefined, {
    error: '`redirectUris`, or `machine` for a client without users',
  })
  .refine((it) => it.machine === undefined || it.secret !== undefined || it.jwks !== undefined, {
    error: '`jwks` or `secret` beside `machine`',
  })
  .refine(({ jwks }) => jwks === undefined || jwks.keys.every((key) => !('d' in key) && !('k' in key)), {
    error: 'public keys alone in `jwks`',
  })

const registration: z.ZodType<RegistrationOptions> = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Whether unknown clients may register themselves, as clients of before 2025-11-25 want to.'),
  max: z.int().min(1).max(10_000).default(100).describe('Registered clients in all; further ones are refused.'),
  ttlMs: milliseconds(365 * DAY_MS)
    .default(30 * DAY_MS)
    .describe('Milliseconds after which a registration ends; the client registers again.'),
})

/** `embedded` as it may be written: every option has a default. */
export type EmbeddedInput = Partial<Omit<EmbeddedOptions, 'clients' | 'registration'>> & {
  readonly clients?: readonly (Omit<OAuthClientOptions, 'redirectUris'> &
    Partial<Pick<OAuthClientOptions, 'redirectUris'>>)[]
  readonly registration?: Partial<RegistrationOptions>
}

/** The options under `access.oauth.embedded`, with their defaults. */
export const embeddedOptions: z.ZodType<EmbeddedOptions> = z.strictObject({
  accessTokenMs: milliseconds(DAY_MS).default(600_000).describe('Milliseconds for which an access token is valid.'),
  refreshTokenMs: milliseconds(365 * DAY_MS)
    .default(30 * DAY_MS)
    .describe('Milliseconds after which a refresh token that nobody used ends.'),
  grantMs: milliseconds(365 * DAY_MS)
    .default(90 * DAY_MS)
    .describe('Milliseconds after which a user has to agree again, however often tokens were refreshed.'),
  sessionMs: milliseconds(30 * DAY_MS)
    .default(28_800_000)
    .describe('Milliseconds for which a browser stays signed in.'),
  keyRotationMs: milliseconds(3650 * DAY_MS)
    .default(90 * DAY_MS)
    .describe('Age in milliseconds at which a new signing key takes over.'),
  clients: z.array(client).max(1000).default([]).describe('Clients that are known beforehand.'),
  clientMetadata: z
    .boolean()
    .default(true)
    .describe('Whether a client may be known by the https URL of its metadata document.'),
  registration: registration.prefault({}).describe('Clients that register themselves (RFC 7591).'),
})
