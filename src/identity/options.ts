import { z } from 'zod'

/** An API key that stands in the configuration; its secret does not. */
export interface KeyOptions {
  readonly name: string
  readonly id: string
  readonly hash: string
  readonly roles: readonly string[]
  readonly tenant?: string
  readonly expiresAt?: string
}

/** Who a caller without a credential is. */
export interface GrantOptions {
  readonly roles: readonly string[]
}

/** ISO 8601, with a zone: without one it would mean another time on every machine. */
const TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

const roles = z.array(z.string().min(1))

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
  tenant: z.string().min(1).max(128).exactOptional().describe('Tenant that the key belongs to.'),
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
  .strictObject({ roles: roles.describe('Roles of the local caller.') })
  .describe('Who a caller over stdio or in process is. Without it such a caller has no role.')

/** The options under `access.anonymous`. */
export const anonymousOptions: z.ZodType<GrantOptions> = z
  .strictObject({ roles: roles.describe('Roles of a caller without a credential.') })
  .describe('Who an HTTP caller without a credential is. Allowed only while `server.host` is a loopback address.')
