import type { App } from '../app/app.ts'
import type { ListedKey } from '../app/keys/list-keys.ts'
import type { LocatedCase, Verdict } from '../config/policy-cases.ts'
import { type NamedPrincipal, namePrincipal } from './name-principal.ts'
import type { Explanation } from './print-explanation.ts'
import { qualifyPrincipal } from './qualify-principal.ts'
import { suggest } from './suggest.ts'
import { UsageError } from './usage-error.ts'

/** What came of one case. */
export interface DecidedCase {
  readonly at: string
  /** `role reader calls tool get`. */
  readonly text: string
  readonly expected: Verdict
  readonly isAsExpected: boolean
  readonly verdict?: Verdict
  /** What decided it. */
  readonly rule?: string
  /** Why there is no verdict that counts: somebody or something unknown, or arguments that fit no schema. */
  readonly problem?: string
}

/** Holds the cases against what the app would decide: the decisions of real calls, without their effects. */
export async function decideCases(
  app: App,
  keys: readonly ListedKey[],
  cases: readonly LocatedCase[],
): Promise<readonly DecidedCase[]> {
  const decided: DecidedCase[] = []
  for (const each of cases) decided.push(await decideCase(app, keys, each))
  return decided
}

async function decideCase(app: App, keys: readonly ListedKey[], given: LocatedCase): Promise<DecidedCase> {
  const { at, name, expect: expected } = given
  const { kind, called } = calledBy(given)
  const named = nameCaller(app, keys, given)
  const who = typeof named === 'string' ? given.as.who.join(', ') : named.text
  const described = `${who} calls ${kind} ${called}`
  const text = name === undefined ? described : `${name} (${described})`
  const failed = (problem: string): DecidedCase => ({ at, text, expected, isAsExpected: false, problem })
  if (typeof named === 'string') return failed(named)
  const { principal } = named
  if (principal.expiresAt !== undefined && principal.expiresAt <= Date.now()) return failed('the key has expired')
  const explanation = await app.explain({ principal, kind, name: called, input: given.args })
  if (explanation.policy === undefined) return failed(unknownCapability(app, kind, called))
  const { rule } = explanation.decision
  const misfit = explanation.guards.find(({ guard, verdict }) => guard === 'input' && verdict === 'refuses')
  if (misfit !== undefined) return { ...failed(`the arguments do not fit: ${misfit.says}`), rule }
  const verdict = verdictOf(explanation)
  const isRule = given.rule === undefined || rule === given.rule || rule === `rule ${given.rule}`
  return {
    at,
    text,
    expected,
    isAsExpected: verdict === expected && isRule,
    verdict,
    rule,
    ...wrongRule(given, isRule),
  }
}

function wrongRule({ rule }: LocatedCase, isRule: boolean): { problem?: string } {
  return isRule ? {} : { problem: `expected to be decided by ${rule}` }
}

function calledBy({ tool, resource, prompt }: LocatedCase): { kind: 'tool' | 'resource' | 'prompt'; called: string } {
  if (tool !== undefined) return { kind: 'tool', called: tool }
  return resource === undefined ? { kind: 'prompt', called: prompt ?? '' } : { kind: 'resource', called: resource }
}

/** Who calls, or why that is nobody. */
function nameCaller(app: App, keys: readonly ListedKey[], { as }: LocatedCase): NamedPrincipal | string {
  const { who, ...qualities } = as
  try {
    return qualifyPrincipal(namePrincipal(app.config, keys, who), qualities)
  } catch (thrown) {
    if (thrown instanceof UsageError) return `${thrown.message} ${thrown.hint ?? ''}`.trim()
    throw thrown
  }
}

function unknownCapability({ catalog }: App, kind: 'tool' | 'resource' | 'prompt', name: string): string {
  const { tools, prompts, resources } = catalog
  const known = kind === 'resource' ? resources.map(({ uri }) => uri) : (kind === 'tool' ? tools : prompts).map(nameOf)
  return `there is no ${kind} ${name}. ${suggest(name, known, '`toolgate check` shows what is offered.')}`
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

function verdictOf({ decision: { decision, reason } }: Explanation): Verdict {
  if (decision === 'permit') return 'permit'
  if (reason === 'credential') return 'insufficient_scope'
  return reason === 'hidden' ? 'hidden' : 'deny'
}
