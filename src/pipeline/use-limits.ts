import type { Capability } from '../capabilities/capability.ts'
import type { Principal } from '../identity/principal.ts'
import type { LimitOptions, LimitRuleOptions, RoleLimitOptions, RoleOptions } from './options.ts'
import type { Rate } from './rate-counters.ts'
import { compileSelector, nameOf, type Selector } from './selector/compile-selector.ts'

/** What bounds the use of one capability. */
export interface CapabilityLimits {
  /** Under which its calls are counted. A template is one capability, whatever URI is asked for. */
  readonly key: string
  /** Tokens of the principal's that a call takes. */
  readonly cost: number
  /** Of each principal, beside its own rate. */
  readonly rate: Rate | undefined
  /** Calls at once, of all principals together. */
  readonly concurrency: number | undefined
  readonly maxResultBytes: number
  /** Where each of them is said: `limits.rules[0]`, `the tool`, `limits`. */
  readonly saidBy: Readonly<Record<'cost' | 'rate' | 'concurrency' | 'maxResultBytes', string>>
}

/** What bounds one principal. */
export interface PrincipalLimits {
  readonly rate: Rate
  readonly concurrency: number
  /** Where that is said: `limits`, or the roles. */
  readonly saidBy: string
}

/** Which limits are whose. */
export interface UseLimits {
  ofCapability(capability: Capability): CapabilityLimits
  ofPrincipal(principal: Principal): PrincipalLimits
}

/** Compiles the limits of the configuration; those of a capability are worked out when it is first called. */
export function createUseLimits(limits: LimitOptions, roles: Readonly<Record<string, RoleOptions>>): UseLimits {
  const rules = limits.rules.map((rule, index) => ({ rule, index, selector: compileSelector(rule.select) }))
  const known = new WeakMap<Capability, CapabilityLimits>()
  const common: PrincipalLimits = {
    rate: limits,
    concurrency: limits.maxConcurrentPerPrincipal,
    saidBy: 'limits',
  }
  const byRole = new Map(Object.entries(roles).flatMap(([name, role]) => (role.limits ? [[name, role.limits]] : [])))
  const byClass = new Map(Object.entries(limits.classes).map(([name, own]) => [name, ofClass(name, own, limits)]))

  return {
    ofCapability(capability) {
      const found = known.get(capability)
      if (found !== undefined) return found
      const compiled = compileLimits(capability, rules, limits)
      known.set(capability, compiled)
      return compiled
    },
    ofPrincipal({ roles: held, rateClass }) {
      // A class that is gone must not leave its keys with what their roles are more generous with.
      if (rateClass !== undefined) return byClass.get(rateClass) ?? common
      if (byRole.size === 0) return common
      const own = held.map((name) => byRole.get(name)).filter((role) => role !== undefined)
      return own.length === 0 ? common : mostGenerous(own, limits)
    },
  }
}

interface LimitRule {
  readonly rule: LimitRuleOptions
  readonly index: number
  readonly selector: Selector
}

/** Of several rules that say the same thing, the first one counts. */
function compileLimits(capability: Capability, rules: readonly LimitRule[], limits: LimitOptions): CapabilityLimits {
  const selected = rules.filter(({ selector }) => selector.selects(capability))
  const ruling = (name: keyof LimitRuleOptions): LimitRule | undefined =>
    selected.find(({ rule }) => rule[name] !== undefined)
  const first = <Name extends keyof LimitRuleOptions>(name: Name): LimitRuleOptions[Name] | undefined =>
    ruling(name)?.rule[name]
  const saidBy = (name: keyof LimitRuleOptions, otherwise: string): string => {
    const found = ruling(name)
    return found === undefined ? otherwise : `limits.rules[${found.index}]`
  }
  const own = (name: 'cost' | 'concurrency'): string => (ownOf(capability, name) === undefined ? 'limits' : 'the tool')
  const limiting = ruling('callsPerMinute')?.rule
  const { callsPerMinute } = limiting ?? {}
  return {
    key: `${capability.kind} ${nameOf(capability)}`,
    cost: first('cost') ?? ownOf(capability, 'cost') ?? 1,
    rate: callsPerMinute === undefined ? undefined : { callsPerMinute, burst: limiting?.burst ?? callsPerMinute },
    concurrency: first('concurrency') ?? ownOf(capability, 'concurrency'),
    maxResultBytes: first('maxResultBytes') ?? limits.maxResultBytes,
    saidBy: {
      cost: saidBy('cost', own('cost')),
      rate: saidBy('callsPerMinute', 'limits'),
      concurrency: saidBy('concurrency', own('concurrency')),
      maxResultBytes: saidBy('maxResultBytes', 'limits'),
    },
  }
}

function ownOf(capability: Capability, name: 'cost' | 'concurrency'): number | undefined {
  return capability.kind === 'tool' ? capability.definition[name] : undefined
}

/** The class of a key says how much it may, whether that is more or less than its roles say. */
function ofClass(name: string, own: RoleLimitOptions, limits: LimitOptions): PrincipalLimits {
  return {
    rate: { callsPerMinute: own.callsPerMinute ?? limits.callsPerMinute, burst: own.burst ?? limits.burst },
    concurrency: own.concurrency ?? limits.maxConcurrentPerPrincipal,
    saidBy: `limits.classes.${name}`,
  }
}

function mostGenerous(own: readonly RoleLimitOptions[], limits: LimitOptions): PrincipalLimits {
  const most = (values: readonly number[]): number => Math.max(...values)
  return {
    rate: {
      callsPerMinute: most(own.map(({ callsPerMinute }) => callsPerMinute ?? limits.callsPerMinute)),
      burst: most(own.map(({ burst }) => burst ?? limits.burst)),
    },
    concurrency: most(own.map(({ concurrency }) => concurrency ?? limits.maxConcurrentPerPrincipal)),
    saidBy: 'the limits of its roles',
  }
}
