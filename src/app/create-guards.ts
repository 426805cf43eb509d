import { isDeepStrictEqual } from 'node:util'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'
import type { Observer } from '../observe/observation.ts'
import type { AuditPlan } from '../pipeline/audit-plan.ts'
import { createPolicy } from '../pipeline/authorize.ts'
import { createBreakers } from '../pipeline/breakers.ts'
import { Gate } from '../pipeline/gate.ts'
import type { Guards } from '../pipeline/guards.ts'
import { InFlight } from '../pipeline/in-flight.ts'
import { createMemoryRateCounters } from '../pipeline/memory-rate-counters.ts'
import { Recall } from '../pipeline/recall.ts'
import type { Rules } from '../pipeline/rules/compile-rules.ts'
import { createMaskerSelection, createMaskingDescription, type SelectMasker } from '../pipeline/select-masker.ts'
import { compileSelector } from '../pipeline/selector/compile-selector.ts'
import type { SelectorOptions } from '../pipeline/selector/options.ts'
import { createUseLimits } from '../pipeline/use-limits.ts'
import { createSanitizer } from '../sanitize/sanitizer.ts'
import { createMemoryRecallStore } from '../storage/memory/recall-store.ts'
import { allOf } from './compile-catalog.ts'
import type { PreparedSources } from './source.ts'

/** What the guards of one configuration after the other have in common. */
export interface GuardParts {
  readonly audit: AuditTrail
  readonly plan: AuditPlan
  readonly observe: Observer
  readonly clock: () => number
  readonly timer: () => number
  /** For hashes of personal data. */
  readonly hashKey: Uint8Array
  /** Of the configuration. */
  readonly rules: Rules
}

/** The configuration that was served before, and its guards. */
export interface Served {
  readonly config: Config
  readonly guards: Guards
}

/**
 * Makes the guards of a configuration. What is counted or remembered under unchanged options goes on. Throws
 * `CONFIG_INVALID` for a rule that is for nothing.
 */
export function createGuards(
  config: Config,
  { catalog, isPartial }: Pick<PreparedSources, 'catalog' | 'isPartial'>,
  parts: GuardParts,
  before?: Served,
): Guards {
  const { access, limits, idempotency, sanitize } = config
  const { hashKey, rules, ...shared } = parts
  const kept = before !== undefined && isDeepStrictEqual(before.config.limits, limits) ? before.guards : undefined
  const isSameRecall = before !== undefined && isDeepStrictEqual(before.config.idempotency, idempotency)
  const maskerOf = selectMasker(sanitize, hashKey)
  // What a rule is for may be what a connector that is missing offers.
  if (!isPartial) requireMatches(config, rules, allOf(catalog))
  return {
    ...shared,
    catalog,
    policy: createPolicy({ ...access, rules, ruleOptions: access.rules }),
    inFlight: new InFlight(before?.guards.inFlight),
    recall: isSameRecall ? before.guards.recall : createRecall(idempotency, parts.clock),
    use: createUseLimits(limits, access.roles),
    counters: kept?.counters ?? createMemoryRateCounters(parts.clock),
    gate: kept?.gate ?? new Gate(limits),
    breakers: kept?.breakers ?? createBreakers({ ...parts, options: limits.breaker }),
    limits,
    maskerOf,
    describeMasking: createMaskingDescription(sanitize),
    recordMaskerOf: sanitize.secrets ? maskerOf : selectMasker({ ...sanitize, secrets: true }, hashKey),
  }
}

/** A rule or a limit that is for nothing is a spelling mistake, and would be found when it was needed. */
function requireMatches({ access, limits }: Config, rules: Rules, offered: readonly Capability[]): void {
  if (offered.length === 0) return
  const isIdle = (select: SelectorOptions): boolean => !offered.some(compileSelector(select).selects)
  const idle = [
    ...limits.rules.flatMap(({ select }, index) => (isIdle(select) ? [`limits.rules[${index}].select`] : [])),
    ...rules.idle(offered).map((index) => `access.rules[${index}].select`),
    ...Object.entries(access.roles).flatMap(([name, { deny }]) =>
      deny.flatMap((select, index) =>
        isNamed(select) && isIdle(select) ? [`access.roles.${name}.deny[${index}]`] : [],
      ),
    ),
  ]
  if (idle.length === 0) return
  throw new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `${idle.join(' and ')} ${idle.length === 1 ? 'selects' : 'select'} nothing that is offered.`,
    hint: '`toolgate list` shows what is offered.',
  })
}

/** A pattern may be there for what will be offered one day; a name that nothing has is misspelt. */
function isNamed({ name }: SelectorOptions): boolean {
  return name !== undefined && !/[*?]/.test(name)
}

function createRecall(options: Config['idempotency'], clock: () => number): Recall {
  return new Recall({ store: createMemoryRecallStore(options), options, clock })
}

function selectMasker(sanitize: Config['sanitize'], hashKey: Uint8Array): SelectMasker {
  return createMaskerSelection(createSanitizer({ ...sanitize, hashKey }), sanitize.personal)
}
