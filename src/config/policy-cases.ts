import { relative, resolve } from 'node:path'
import { z } from 'zod'
import { nearestSpelling } from '../nearest-spelling.ts'
import { ConfigError } from './config-error.ts'
import type { ConfigPath } from './config-issue.ts'
import { valueAt } from './config-path.ts'
import { oneOf } from './describe-schema.ts'
import type { Mistake } from './mistake.ts'
import { readText } from './read-text.ts'
import { toIssues } from './to-issues.ts'

/** What a call comes to, as far as roles, scopes and rules decide it. */
export type Verdict = 'permit' | 'deny' | 'hidden' | 'insufficient_scope'

/** Who calls: words as after `--as`, and what the credential says beside. */
export interface CaseCaller {
  readonly who: readonly string[]
  readonly kind?: 'api-key' | 'oauth' | 'certificate'
  readonly tenant?: string
  readonly user?: string
  readonly scopes?: readonly string[]
  readonly claims?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** One row: who calls what with which arguments, and what should come of it. */
export interface PolicyCase {
  readonly name?: string
  readonly as: CaseCaller
  readonly tool?: string
  readonly resource?: string
  readonly prompt?: string
  readonly args: Readonly<Record<string, unknown>>
  readonly expect: Verdict
  /** The rule that should decide it: as the audit trail has it, or the name of one of `access.rules`. */
  readonly rule?: string
}

/** A row and where it stands. */
export interface LocatedCase extends PolicyCase {
  /** `policy.yaml:12`. */
  readonly at: string
}

const VERDICTS = ['permit', 'deny', 'hidden', 'insufficient_scope'] as const
const WHO = 'a role, a key, local or anonymous; a list of roles; or `who` with `tenant`, `user`, `scopes`, `claims`'
const text = z.string({ error: 'a text' }).min(1, { error: 'a text' })
const listed = <T extends z.ZodType>(of: T): z.ZodType<z.output<T>[]> =>
  z.preprocess((given) => (typeof given === 'string' ? [given] : given), z.array(of).min(1)) as never
const claim = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())], {
  error: 'a text, a number, a boolean or a list of texts',
})

const caller = z.preprocess(
  (given) => (typeof given === 'string' || Array.isArray(given) ? { who: given } : given),
  z.strictObject(
    {
      who: listed(text),
      kind: z.enum(['api-key', 'oauth', 'certificate'], { error: 'api-key, oauth or certificate' }).exactOptional(),
      tenant: text.exactOptional(),
      user: text.exactOptional(),
      scopes: z.array(text, { error: 'a list of scopes' }).exactOptional(),
      claims: z.record(z.string(), claim, { error: 'claims by their names' }).exactOptional(),
    },
    { error: (issue) => (issue.code === 'invalid_type' ? WHO : undefined) },
  ),
)

const policyCase = z
  .strictObject({
    name: text.exactOptional(),
    as: caller,
    tool: text.exactOptional(),
    resource: text.exactOptional(),
    prompt: text.exactOptional(),
    args: z.record(z.string(), z.unknown(), { error: 'arguments by their names' }).default({}),
    expect: z.enum(VERDICTS, { error: oneOf(VERDICTS) }),
    rule: text.exactOptional(),
  })
  .refine((given) => [given.tool, given.resource, given.prompt].filter((name) => name !== undefined).length === 1, {
    error: 'one of tool, resource and prompt',
  })
  .refine((given) => given.resource === undefined || Object.keys(given.args).length === 0, {
    path: ['args'],
    error: 'no arguments: a resource has none but its URI',
  })

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  file: ['cases'],
  case: ['name', 'as', 'tool', 'resource', 'prompt', 'args', 'expect', 'rule'],
  caller: ['who', 'kind', 'tenant', 'user', 'scopes', 'claims'],
}

const casesFile = z.strictObject({ cases: z.array(policyCase, { error: 'a list of cases' }).min(1).max(10_000) })

/** Reads the cases of a file. Rejects with `CONFIG_INVALID` that lists every mistake and where it stands. */
export async function readPolicyCases(path: string, cwd: string): Promise<readonly LocatedCase[]> {
  const file = resolve(cwd, path)
  const relativePath = relative(cwd, file)
  const named = relativePath.startsWith('..') ? file : relativePath
  const source = await readText(file, named)
  if (source.mistakes.length > 0) throw toError(toIssues(source.mistakes, source, named))
  const checked = casesFile.safeParse(source.value)
  if (!checked.success) {
    const mistakes = checked.error.issues.flatMap((issue) => explainIssue(issue, source.value))
    throw toError(toIssues(mistakes, source, named))
  }
  return checked.data.cases.map((each, index) => {
    const line = source.locate?.(['cases', index], 'value')?.line
    return { ...each, at: line === undefined ? named : `${named}:${line}` }
  })
}

function toError(issues: ConstructorParameters<typeof ConfigError>[0]): ConfigError {
  return new ConfigError(issues, undefined, { what: 'The table of cases', hint: HINT })
}

const HINT = '`toolgate policy test --help` says how cases are written.'

function explainIssue(issue: z.core.$ZodIssue, root: unknown): Mistake[] {
  const path = issue.path as ConfigPath
  if (issue.code === 'unrecognized_keys') {
    const names = FIELDS[path.length === 0 ? 'file' : path.length === 2 ? 'case' : 'caller'] ?? []
    return issue.keys.map((key) => {
      const suggestion = nearestSpelling(key, names)
      const mistake: Mistake = { path: [...path, key], at: 'key', problem: 'is not known', expected: oneOf(names) }
      return suggestion === undefined ? mistake : { ...mistake, suggestion }
    })
  }
  const value = valueAt(root, path)
  const problem = value === undefined ? 'is missing' : 'is something else'
  const suggestion =
    typeof value === 'string' && path.at(-1) === 'expect' ? nearestSpelling(value, VERDICTS) : undefined
  return [{ path, at: 'value', problem, expected: issue.message, ...(suggestion === undefined ? {} : { suggestion }) }]
}
