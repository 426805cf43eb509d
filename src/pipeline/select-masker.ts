import type { Capability } from '../capabilities/capability.ts'
import type { Masker } from '../sanitize/masker.ts'
import type { Sanitizer } from '../sanitize/sanitizer.ts'
import { compileSelector } from './compile-selector.ts'
import type { PersonalOptions } from './options.ts'

/** The masker for what a capability returns; without one, that for what is said before any was found. */
export type SelectMasker = (capability: Capability | undefined) => Masker

/** Selects by the rules for personal data. The masker of a capability is made when it is first called. */
export function createMaskerSelection(sanitizer: Sanitizer, rules: readonly PersonalOptions[]): SelectMasker {
  const general = sanitizer.maskerFor([])
  const compiled = rules.map((rule) => ({ ...rule, selector: compileSelector(rule.select) }))
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
