import type { AuditLevel } from '../audit/audit-record.ts'
import type { AuditLevelOptions } from '../audit/options.ts'
import type { Subjects } from '../audit/subjects.ts'
import type { Capability } from '../capabilities/capability.ts'
import { compileSelector } from './selector/compile-selector.ts'

/** How calls are recorded. */
export interface AuditPlan {
  /** Nothing is executed, and nothing answered, without a durable record. */
  readonly isStrict: boolean
  readonly subjects: Subjects
  /** How much of the arguments and of the result of a capability is recorded. */
  levelOf(capability: Capability): AuditLevel
  /** When each list was last written out name by name, by its digest. */
  readonly shown: Map<string, number>
}

/** Compiles `audit.levels`: the first that selects a capability decides. Remembered for each capability. */
export function compileLevels(levels: readonly AuditLevelOptions[]): AuditPlan['levelOf'] {
  const compiled = levels.map(({ level, ...selector }) => ({ level, selector: compileSelector(selector) }))
  const known = new WeakMap<Capability, AuditLevel>()
  return (capability) => {
    const found = known.get(capability)
    if (found !== undefined) return found
    const level = compiled.find(({ selector }) => selector.selects(capability))?.level ?? 'metadata'
    known.set(capability, level)
    return level
  }
}
