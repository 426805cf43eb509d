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
