import { createHmac } from 'node:crypto'
import { MASK } from './mask-secrets.ts'
import { Masker, type Replace } from './masker.ts'
import type { PersonalAction, PersonalKind, Treatment } from './personal-kind.ts'
import { PERSONAL_RULES } from './personal-rules.ts'
import type { Rule } from './rule.ts'
import { RESULT_RULES } from './secret-rules.ts'
import { valueRule } from './value-rule.ts'

/** Decides what is taken out of what callers get to see. */
export interface Sanitizer {
  /** A masker for secrets, as configured, and for the personal data of the treatments; of two for a kind the first counts. */
  maskerFor(treatments: readonly Treatment[]): Masker
}

/** What a sanitizer needs. */
export interface SanitizerParts {
  /** Whether what looks like a secret is masked. */
  readonly secrets: boolean
  /** Values to be masked wherever they stand, each of eight characters or more. */
  readonly values: readonly string[]
  /** For hashes of personal data; whoever has it can find out what was hashed. */
  readonly hashKey: Uint8Array
}

/** Makes the sanitizer of the configuration. */
export function createSanitizer({ secrets, values, hashKey }: SanitizerParts): Sanitizer {
  const always: readonly Rule[] = [
    ...(values.length === 0 ? [] : [valueRule(values)]),
    ...(secrets ? RESULT_RULES : []),
  ]
  return {
    maskerFor(treatments) {
      const actions = actionsOf(treatments)
      const personal = [...actions].flatMap(([kind, action]) => PERSONAL_RULES[kind].map((rule) => ({ rule, action })))
      const replacements = new Map(personal.map(({ rule, action }) => [rule.id, replacement(action, hashKey)]))
      return new Masker({
        rules: [...always, ...personal.map(({ rule }) => rule)],
        masksNamed: secrets,
        replace: (rule, found) => replacements.get(rule)?.(rule, found) ?? MASK,
      })
    },
  }
}

/** What becomes of each kind: of two treatments for a kind the first counts. */
export function actionsOf(treatments: readonly Treatment[]): ReadonlyMap<PersonalKind, PersonalAction> {
  const actions = new Map<PersonalKind, PersonalAction>()
  for (const { kinds, action } of treatments) {
    for (const kind of kinds) if (!actions.has(kind)) actions.set(kind, action)
  }
  return actions
}

function replacement(action: PersonalAction, hashKey: Uint8Array): Replace {
  if (action === 'mask') return (rule) => `[masked ${rule}]`
  return (rule, found) => `[${rule} ${hash(hashKey, rule, found)}]`
}

/** The same for the same data however it is written: marks and case do not count. */
function hash(key: Uint8Array, rule: string, found: string): string {
  const normal = rule === 'email' ? found.toLowerCase() : found.toUpperCase().replace(/[^0-9A-Z]/g, '')
  return createHmac('sha256', key).update(`${rule}:${normal}`).digest('hex').slice(0, 12)
}
