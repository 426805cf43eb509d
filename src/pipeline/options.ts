import { z } from 'zod'
import { PERSONAL_ACTIONS, PERSONAL_KINDS, type Treatment } from '../sanitize/personal-kind.ts'
import { MAX_VALUE_LENGTH, MIN_VALUE_LENGTH } from '../sanitize/value-rule.ts'
import { type SelectorOptions, selector } from './selector/options.ts'

/** How much may be called and how long a call may take. */
export interface LimitOptions {
  readonly callsPerMinute: number
  readonly burst: number
  readonly listCost: number
  readonly maxConcurrent: number
  readonly maxConcurrentPerPrincipal: number
  readonly maxQueued: number
  readonly maxQueuedMs: number
  readonly maxResultBytes: number
  readonly deadlineMs: number
  readonly maxDeadlineMs: number
  readonly maxNotificationsPerCall: number
  readonly breaker: BreakerOptions
  /** By name. */
  readonly classes: Readonly<Record<string, RoleLimitOptions>>
  readonly rules: readonly LimitRuleOptions[]
}

/** When a connector that fails is left alone, and for how long. */
export interface BreakerOptions {
  readonly failures: number
  readonly windowMs: number
  readonly openMs: number
  readonly probes: number
}

/** Limits of what a selector selects. */
export interface LimitRuleOptions {
  readonly select: SelectorOptions
  readonly cost?: number
  readonly callsPerMinute?: number
  readonly burst?: number
  readonly concurrency?: number
  readonly maxResultBytes?: number
}

/** How much the holders of a role, or of a key of a class, may call, in place of what `limits` says. */
export interface RoleLimitOptions {
  readonly callsPerMinute?: number
  readonly burst?: number
  readonly concurrency?: number
}

/** How calls are recognised that were made before. */
export interface IdempotencyOptions {
  readonly keyTtlMs: number
  readonly windowMs: number
  readonly max: number
  readonly maxPerPrincipal: number
  readonly maxResultBytes: number
  readonly maxBytes: number
}

/** What a scope means. */
export interface ScopeOptions {
  readonly description?: string
  readonly implies: readonly string[]
}

/** What its holders may call. Deny overrides. */
export interface RoleOptions {
  readonly scopes: readonly string[]
  readonly allow: readonly SelectorOptions[]
  readonly deny: readonly SelectorOptions[]
  readonly limits?: RoleLimitOptions
}

/** The longest time a timer of Node can wait; a longer one would fire at once. */
const LONGEST_MS = 2_147_483_647

const milliseconds = (): z.ZodNumber => z.int().min(1).max(LONGEST_MS)
const count = (max = 10_000_000): z.ZodNumber => z.int().min(1).max(max)

/** The options under `idempotency`, with their defaults. */
export const idempotencyOptions: z.ZodType<IdempotencyOptions> = z.strictObject({
  keyTtlMs: milliseconds()
    .default(3_600_000)
    .describe('Milliseconds for which a call with an `idempotencyKey` in `_meta` is remembered.'),
  windowMs: z
    .int()
    .min(0)
    .max(LONGEST_MS)
    .default(10_000)
    .describe(
      'Milliseconds for which a tool with `idempotentHint` answers the same call again as before; 0 is not at all.',
    ),
  max: count().default(10_000).describe('Calls remembered in all.'),
  maxPerPrincipal: count().default(1000).describe('Calls remembered of one principal.'),
  maxResultBytes: count()
    .default(65_536)
    .describe('Characters of a result that is kept; of a larger one only that the call has ended.'),
  maxBytes: count(1_073_741_824).default(67_108_864).describe('Characters of all kept results together.'),
})

const rule: z.ZodType<LimitRuleOptions> = z
  .strictObject({
    select: selector.describe('What the rule is for.'),
    cost: z
      .number()
      .min(1)
      .max(1_000_000)
      .exactOptional()
      .describe('Tokens that a call takes. Default: what the tool defines, or 1.'),
    callsPerMinute: count()
      .exactOptional()
      .describe('Calls a minute that one principal may make of each capability selected, beside those in all.'),
    burst: count().exactOptional().describe('Of these, calls at once after a pause. Default: `callsPerMinute`.'),
    concurrency: count()
      .exactOptional()
      .describe('Calls of each capability selected that may run at once, of all principals together.'),
    maxResultBytes: count().exactOptional().describe('In place of `limits.maxResultBytes`.'),
  })
  .refine((given) => Object.keys(given).length > 1, {
    error: 'at least one of cost, callsPerMinute, burst, concurrency and maxResultBytes',
  })

const breaker: z.ZodType<BreakerOptions> = z.strictObject({
  failures: count()
    .default(20)
    .describe(
      'Failures of a connector within the window that open its breaker, if they are half of its calls or more.',
    ),
  windowMs: milliseconds().default(30_000).describe('Milliseconds over which they are counted.'),
  openMs: milliseconds()
    .default(10_000)
    .describe('Milliseconds for which an open breaker refuses calls before it tries again.'),
  probes: z.int().min(1).max(100).default(1).describe('Calls that are then let through; all must succeed.'),
})

const callerLimits = z.strictObject({
  callsPerMinute: count().exactOptional().describe('In place of `limits.callsPerMinute`.'),
  burst: count().exactOptional().describe('In place of `limits.burst`.'),
  concurrency: count().exactOptional().describe('In place of `limits.maxConcurrentPerPrincipal`.'),
})

/** The options under `limits`, with their defaults. */
export const limitOptions: z.ZodType<LimitOptions> = z.strictObject({
  callsPerMinute: count().default(100).describe('Tokens a minute that one principal gets; a call takes one.'),
  burst: count().default(100).describe('Tokens that one principal may save up, and so spend at once after a pause.'),
  listCost: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(0.2)
    .describe('Tokens that a list, a skill or a folder of one takes.'),
  maxConcurrent: count().default(1_000).describe('Calls that may run at once, of all principals together.'),
  maxConcurrentPerPrincipal: count().default(100).describe('Of these, calls of one principal.'),
  maxQueued: z
    .int()
    .min(0)
    .max(100_000)
    .default(256)
    .describe('Calls that may wait until others have ended; 0 refuses them.'),
  maxQueuedMs: milliseconds()
    .default(2_000)
    .describe('Milliseconds a call may wait for that; it counts in its deadline.'),
  maxResultBytes: count()
    .default(4_194_304)
    .describe('Bytes of a result in UTF-8; of a longer one the beginning is sent, where that is a valid result.'),
  deadlineMs: milliseconds()
    .default(30_000)
    .describe('Milliseconds a call may take; reported progress starts them anew.'),
  maxDeadlineMs: milliseconds().default(300_000).describe('Milliseconds a call may take in all, whatever it reports.'),
  maxNotificationsPerCall: count().default(1000).describe('Notifications one call may send; further ones are dropped.'),
  breaker: breaker.prefault({}).describe('When a connector that fails is left alone for a while.'),
  classes: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
        error: 'a name of 1 to 64 letters, digits, _ and -, starting with a letter',
      }),
      callerLimits,
    )
    .default({})
    .describe(
      'How much the holders of certain keys may call: by the name that `rateClass` of a key says. Counts in the place of `limits` and of the limits of its roles.',
    ),
  rules: z
    .array(rule)
    .default([])
    .describe('Limits of certain capabilities. Of several rules that say the same thing, the first one counts.'),
})

const scope = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'a scope without spaces, quotes or backslashes, such as crm:read' })

const role: z.ZodType<RoleOptions> = z.strictObject({
  scopes: z.array(scope).default([]).describe('Scopes that the role grants.'),
  allow: z.array(selector).default([]).describe('What the role may see and call.'),
  deny: z.array(selector).default([]).describe('What it may not, whatever this or another role allows.'),
  limits: callerLimits
    .exactOptional()
    .describe('How much each holder may call. Of several roles the most generous counts.'),
})

/** The options under `access.roles`: role by name. */
export const roleOptions: z.ZodType<Readonly<Record<string, RoleOptions>>> = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
      error: 'a role name of 1 to 64 letters, digits, _ and -, starting with a letter',
    }),
    role,
  )
  .describe('Roles by name. What no role of a principal allows does not exist for it.')

/** The options under `access.scopes`: scope by name. */
export const scopeOptions: z.ZodType<Readonly<Record<string, ScopeOptions>>> = z
  .record(
    scope,
    z.strictObject({
      description: z
        .string()
        .min(1)
        .max(200)
        .exactOptional()
        .describe('What it allows, in words, for people who are asked whether a client may have it.'),
      implies: z.array(scope).default([]).describe('Scopes that whoever has this one has too.'),
    }),
  )
  .describe('What scopes mean. One that is used need not stand here.')

/** Personal data of what a selector selects, and what becomes of it. */
export interface PersonalOptions extends Treatment {
  readonly select: SelectorOptions
}

/** What is taken out of results and errors. */
export interface SanitizeOptions {
  readonly secrets: boolean
  readonly values: readonly string[]
  readonly personal: readonly PersonalOptions[]
}

const value = z.string().refine(({ length }) => length >= MIN_VALUE_LENGTH && length <= MAX_VALUE_LENGTH, {
  error: `a value of ${MIN_VALUE_LENGTH} to ${MAX_VALUE_LENGTH} characters, since a shorter one stands in ordinary text`,
})

/** The options under `sanitize`, with their defaults. */
export const sanitizeOptions: z.ZodType<SanitizeOptions> = z.strictObject({
  secrets: z
    .boolean()
    .default(true)
    .describe('Whether what looks like a key, a token, a password or a private key is masked in results and errors.'),
  values: z
    .array(value)
    .max(1000)
    .default([])
    .describe(
      'Values that are masked wherever they stand, also encoded: secrets of the systems behind the tools. Take them from the environment.',
    ),
  personal: z
    .array(
      z.strictObject({
        select: selector.describe('Whose results and errors; all given parts must match.'),
        kinds: z
          .array(z.enum(PERSONAL_KINDS))
          .refine(({ length }) => length > 0, { error: 'at least one kind' })
          .describe('Which kinds of personal data.'),
        action: z
          .enum(PERSONAL_ACTIONS)
          .default('mask')
          .describe(
            'What stands in its place: for `mask` the kind, for `hash` the kind and a keyed hash, the same for the same data.',
          ),
      }),
    )
    .default([])
    .describe(
      'Personal data that is masked. Of several entries for a capability each counts; for a kind the first does.',
    ),
})
