import { z } from 'zod'
import type { SelectorOptions } from '../selector/options.ts'
import { selector } from '../selector/options.ts'

/** A condition on who calls what, and with which arguments. Exactly one of `deny` and `require` is given. */
export interface RuleOptions {
  readonly name: string
  readonly select?: SelectorOptions
  readonly roles?: readonly string[]
  readonly deny?: string
  readonly require?: string
  readonly message?: string
}

/** Characters of a condition. */
const MAX_CONDITION_LENGTH = 2_000

const condition = z.string().min(1).max(MAX_CONDITION_LENGTH).exactOptional()

const rule: z.ZodType<RuleOptions> = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
        error: 'a name of 1 to 64 letters, digits, _ and -, starting with a letter',
      })
      .describe('Name of the rule, as it stands in the audit trail.'),
    select: selector.exactOptional().describe('What the rule is for; without it everything that is offered.'),
    roles: z
      .array(z.string().min(1))
      .min(1)
      .exactOptional()
      .describe('Of which a caller must hold one for the rule to be for it; without it the rule is for everybody.'),
    deny: condition.describe(
      'CEL expression over `principal`, `capability` and `args`: what it is true for is denied.',
    ),
    require: condition.describe('CEL expression over the same: what it is not true for is denied.'),
    message: z
      .string()
      .min(1)
      .max(300)
      .exactOptional()
      .describe('What a caller is told whose arguments are denied. Without it only that they are not permitted.'),
  })
  .refine((given) => (given.deny === undefined) !== (given.require === undefined), {
    error: 'one of deny and require',
  })

/** The options under `access.rules`. */
export const ruleOptions: z.ZodType<readonly RuleOptions[]> = z
  .array(rule)
  .max(200)
  .describe(
    'Conditions in CEL beside the roles. They only take away: each must let a call pass. One that fails to evaluate denies.',
  )
