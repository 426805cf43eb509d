import { z } from 'zod'
import { isAddressRange } from './address-ranges.ts'
import { hashGivenKey, parseApiKey } from './api-key.ts'

/** An API key as the configuration has it once it is read: its secret is not in it. */
export interface KeyOptions extends KeyRights {
  readonly id: string
  readonly hash: string
  /** Whether its text was given, from the environment; then `hash` is that of `hashGivenKey`. */
  readonly isGiven?: boolean
}

/** An API key as it is written: its id and hash, or its text, which is dropped when it is read. */
export interface WrittenKeyOptions extends KeyRights {
  readonly id?: string
  readonly hash?: string
  readonly key?: string
}

interface KeyRights {
  readonly name: string
  readonly clientId?: string
  readonly roles: readonly string[]
  readonly tenant?: string
  readonly scopes?: readonly string[]
  readonly claims?: Claims
  readonly expiresAt?: string
  readonly allowFrom?: readonly string[]
  readonly rateClass?: string
}

/** The key as the rest of the product knows it; its text, where that was given, is not kept. */
export function readKeyOptions({ key, ...written }: WrittenKeyOptions): KeyOptions {
  const { id = '', hash = '', ...rights } = written
  if (key === undefined) return { ...rights, id, hash }
  return { ...rights, id: parseApiKey(key) ?? '', hash: hashGivenKey(key), isGiven: true }
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

const scope = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'a scope without spaces, quotes or backslashes, such as crm:read' })

const keyFields = z.strictObject({
  name: z.string().min(1).max(128).describe('Name for people; it stands in the log and the audit trail.'),
  id: z
    .string()
    .regex(/^[0-9A-Za-z]{12}$/, { error: 'the 12 letters and digits that `toolgate keys new` prints as id' })
    .exactOptional()
    .describe('Public part of the key, 12 letters and digits.'),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'the 64 hex digits that `toolgate keys new` prints as hash' })
    .exactOptional()
    .describe('HMAC-SHA-256 of the key, 64 hex digits; the key itself is stored nowhere.'),
  key: z
    .string()
    .refine((text) => parseApiKey(text) !== undefined, {
      error: 'a whole key as `toolgate keys new` prints it; this one is mistyped, cut or of something else',
    })
    .exactOptional()
    .describe(
      'In the place of `id` and `hash`: the whole key, as a reference to the environment. It is hashed when it is read and not kept.',
    ),
  clientId: z
    .string()
    .regex(/^[0-9A-Za-z_-]{1,64}$/, { error: '1 to 64 letters, digits, _ and -' })
    .exactOptional()
    .describe(
      'Id of whoever holds it, for limits, sessions, tasks and the audit trail. Two keys with the same one are one caller. Default: the id of the key.',
    ),
  roles: roles.describe('Roles of whoever sends the key.'),
  tenant: tenant.describe('Tenant that the key belongs to.'),
  scopes: z
    .array(scope)
    .exactOptional()
    .describe('Scopes that the key is limited to, within those of its roles. Without it the key is not limited.'),
  claims: claims.exactOptional(),
  allowFrom: z
    .array(
      z.string().refine(isAddressRange, { error: 'an address or a CIDR range, such as 10.0.0.0/8 or 2001:db8::/32' }),
    )
    .min(1)
    .exactOptional()
    .describe('Addresses and CIDR ranges from which alone the key is valid.'),
  rateClass: z
    .string()
    .min(1)
    .exactOptional()
    .describe('Name of an entry of `limits.classes`, which bounds the key in the place of `limits` and of its roles.'),
  expiresAt: z
    .string()
    .regex(TIME, { error: 'a time with its zone, such as 2027-01-31T00:00:00Z' })
    .exactOptional()
    .describe('When the key stops being valid, such as 2027-01-31T00:00:00Z. Without it the key does not expire.'),
})

const key: z.ZodType<WrittenKeyOptions> = keyFields.refine(
  ({ id, hash, key }) =>
    key === undefined ? id !== undefined && hash !== undefined : id === undefined && hash === undefined,
  { error: 'either `id` and `hash`, or `key`' },
)

/** The option `access.keyHeader`. */
export const keyHeaderOption: z.ZodType<string> = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, { error: 'the name of a header, such as X-API-Key' })
  .refine((name) => !RESERVED_HEADERS.test(name), { error: 'a header that means nothing else, such as X-API-Key' })
  .describe('A header in which keys are taken, too, such as X-API-Key. Default: `Authorization: Bearer` alone.')

const RESERVED_HEADERS =
  /^(accept|access-control-.*|authorization|connection|content-.*|cookie|dpop|expect|forwarded|host|last-event-id|mcp-.*|origin|proxy-.*|sec-.*|te|trailer|transfer-encoding|upgrade|x-forwarded-.*)$/i

/** The options under `access.keys`. */
export const keyOptions: z.ZodType<readonly WrittenKeyOptions[]> = z
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
