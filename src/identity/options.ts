import { z } from 'zod'

/** An API key that stands in the configuration; its secret does not. */
export interface KeyOptions {
  readonly name: string
  readonly id: string
  readonly hash: string
  readonly roles: readonly string[]
  readonly tenant?: string
  readonly claims?: Claims
  readonly expiresAt?: string
}

/** Who a caller without a credential is. */
export interface GrantOptions {
  readonly roles: readonly string[]
  readonly tenant?: string
  readonly claims?: Claims
}

/** The field of a certificate that names whom it was issued to. */
export type CertificateIdentity = 'spiffe' | 'uri' | 'dns' | 'email' | 'cn' | 'serialNumber'

/** Who the holder of a certificate is, by the name in it. */
export interface CertificateRule extends GrantOptions {
  readonly match: string
  readonly user?: string
  readonly scopes?: readonly string[]
}

/** Who is let in with a client certificate. */
export interface CertificateOptions {
  readonly identity: CertificateIdentity
  readonly trustDomains: readonly string[]
  readonly rules: readonly CertificateRule[]
}

type Claims = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** ISO 8601, with a zone: without one it would mean another time on every machine. */
const TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

const roles = z.array(z.string().min(1))

const tenant = z.string().min(1).max(128).exactOptional()
const claims: z.ZodType<Claims> = z
  .record(
    z.string().regex(/^[A-Za-z0-9_.:/-]{1,128}$/, { error: 'letters, digits and _ . : / -' }),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
  )
  .describe('Further attributes, by name; rules about rows of a database may go by them.')

const key: z.ZodType<KeyOptions> = z.strictObject({
  name: z.string().min(1).max(128).describe('Name for people; it stands in the log and the audit trail.'),
  id: z
    .string()
    .regex(/^[0-9A-Za-z]{12}$/, { error: 'the 12 letters and digits that `toolgate keys new` prints as id' })
    .describe('Public part of the key, 12 letters and digits.'),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'the 64 hex digits that `toolgate keys new` prints as hash' })
    .describe('HMAC-SHA-256 of the key, 64 hex digits; the key itself is stored nowhere.'),
  roles: roles.describe('Roles of whoever sends the key.'),
  tenant: tenant.describe('Tenant that the key belongs to.'),
  claims: claims.exactOptional(),
  expiresAt: z
    .string()
    .regex(TIME, { error: 'a time with its zone, such as 2027-01-31T00:00:00Z' })
    .exactOptional()
    .describe('When the key stops being valid, such as 2027-01-31T00:00:00Z. Without it the key does not expire.'),
})

/** The options under `access.keys`. */
export const keyOptions: z.ZodType<readonly KeyOptions[]> = z
  .array(key)
  .describe('API keys beside those in storage, which `toolgate keys new` makes.')

/** The options under `access.local`. */
export const localOptions: z.ZodType<GrantOptions> = z
  .strictObject({
    roles: roles.describe('Roles of the local caller.'),
    tenant: tenant.describe('Tenant that the local caller belongs to.'),
    claims: claims.exactOptional(),
  })
  .describe('Who a caller over stdio or in process is. Without it such a caller has no role.')

/** The options under `access.anonymous`. */
export const anonymousOptions: z.ZodType<GrantOptions> = z
  .strictObject({
    roles: roles.describe('Roles of a caller without a credential.'),
    tenant: tenant.describe('Tenant that such a caller belongs to.'),
    claims: claims.exactOptional(),
  })
  .describe('Who an HTTP caller without a credential is. Allowed only while `server.host` is a loopback address.')

const certificateRule: z.ZodType<CertificateRule> = z.strictObject({
  match: z
    .string()
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,2046}[\x21-\x7e])?$/, { error: 'a name in ASCII, with * for parts of it' })
    .refine((name) => !name.includes('**'), { error: 'a name with one * for each part' })
    .describe('The name, `*` for any part of it between two `/`; of host names, between two dots.'),
  roles: roles.describe('Roles of whoever has such a name.'),
  tenant: tenant.describe('Tenant that such a caller belongs to.'),
  user: z.string().min(1).max(255).exactOptional().describe('The person behind it; rules about rows may go by it.'),
  scopes: z
    .array(z.string().min(1))
    .exactOptional()
    .describe('What such a caller is limited to, within what the roles allow.'),
  claims: claims.exactOptional(),
})

/** The options under `access.certificates`. */
export const certificateOptions: z.ZodType<CertificateOptions> = z
  .strictObject({
    identity: z
      .enum(['spiffe', 'uri', 'dns', 'email', 'cn', 'serialNumber'])
      .default('spiffe')
      .describe('Field that names the caller, of which a certificate must have exactly one.'),
    trustDomains: z
      .array(z.string().regex(/^[a-z0-9._-]{1,255}$/, { error: 'a trust domain, such as example.org' }))
      .default([])
      .describe('SPIFFE trust domains whose workloads may be let in; needed with `identity: spiffe`.'),
    rules: z
      .array(certificateRule)
      .min(1)
      .describe('Who is who; the first that matches counts. Nobody else is let in.'),
  })
  .describe('Who is let in with a client certificate, where no other credential is sent.')
