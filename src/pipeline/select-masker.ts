import type { Capability } from '../capabilities/capability.ts'
import type { Masker } from '../sanitize/masker.ts'
import type { PersonalAction, PersonalKind } from '../sanitize/personal-kind.ts'
import { actionsOf, type Sanitizer } from '../sanitize/sanitizer.ts'
import type { PersonalOptions, SanitizeOptions } from './options.ts'
import { compileSelector, type Selector } from './selector/compile-selector.ts'

/** The masker for what a capability returns; without one, that for what is said before any was found. */
export type SelectMasker = (capability: Capability | undefined) => Masker

/** What is masked in what a capability returns. */
export interface Masking {
  readonly secrets: boolean
  /** How many values of the configuration are masked. */
  readonly values: number
  readonly personal: readonly { readonly kind: PersonalKind; readonly action: PersonalAction }[]
}

/** Says what is masked where, by the rules from which the maskers are made. */
export function createMaskingDescription({ secrets, values, personal }: SanitizeOptions): (of: Capability) => Masking {
  const compiled = compileRules(personal)
  return (capability) => {
    const selected = compiled.filter(({ selector }) => selector.selects(capability))
    const actions = [...actionsOf(selected)].map(([kind, action]) => ({ kind, action }))
    return { secrets, values: values.length, personal: actions }
  }
}

function compileRules(rules: readonly PersonalOptions[]): readonly (PersonalOptions & { selector: Selector })[] {
  return rules.map((rule) => ({ ...rule, selector: compileSelector(rule.select) }))
}

/** Selects by the rules for personal data. The masker of a capability is made when it is first called. */
export function createMaskerSelection(sanitizer: Sanitizer, rules: readonly PersonalOptions[]): SelectMasker {
  const general = sanitizer.maskerFor([])
  const compiled = compileRules(rules)
  const known = new WeakMap<Capability, Masker>()
  return (capability) => {
    if (capability === undefined || compiled.length === 0) return general
    const before = known.get(capability)
    if (before !== undefined) return before
    const selected = compiled.filter(({ selector }) => selector.selects(capability))
    const masker = selected.length === 0 ? general : sanitizer.maskerFor(selected)
    known.set(capability, masker)
    return masker
  }
}
