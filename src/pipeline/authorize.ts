import { hash } from 'node:crypto'
import type { Capability } from '../capabilities/capability.ts'
import { ToolgateError } from '../errors.ts'
import type { Principal } from '../identity/principal.ts'
import type { Call } from './call.ts'
import { compileScopes, type IncludesScope } from './compile-scopes.ts'
import { notFound } from './find-capability.ts'
import type { RoleOptions, ScopeOptions } from './options.ts'
import type { Rules } from './rules/compile-rules.ts'
import type { RuleOptions } from './rules/options.ts'
import { compileSelector, type Selector } from './selector/compile-selector.ts'

/** What was decided and by which rule; the rule goes into the audit record. */
export type Decision =
  | { readonly effect: 'permit'; readonly rule: string }
  /**
   * `hidden`: the caller may not know of it. `scope`: a role selects it, but none grants the scopes that are missing.
   * `credential`: the roles permit it, but the credential is not given the scopes that are missing, and could be.
   * `rule`: it may be used, but not with these arguments.
   */
  | {
      readonly effect: 'deny'
      readonly reason: 'hidden' | 'scope' | 'credential' | 'rule'
      readonly rule: string
      readonly missing: readonly string[]
    }

/** Decides who may use what. One decision filters the lists and gates the calls. */
export interface Policy {
  /** Names the rules under which it decides: SHA-256 of the roles, base64url. */
  readonly hash: string
  decide(principal: Principal, capability: Capability): Decision
  /** Whether the roles of the principal grant a scope; for what is no capability. */
  holds(principal: Principal, scope: string): boolean
  /** What a credential of somebody with these roles may be limited to, so that it still is of use: sorted. */
  scopesOf(roles: readonly string[], capabilities: readonly Capability[]): readonly string[]
  /** Beside the roles. */
  readonly rules: Rules
  /** How it came to that: for operators, never for callers. */
  explain(principal: Principal, capability: Capability): PolicyReading
}

/** What the roles say of one capability. */
export interface PolicyReading {
  /** Those of the principal. */
  readonly roles: readonly RoleReading[]
  /** Names of other roles with which, beside its own, the principal might use it. */
  readonly otherRoles: readonly string[]
}

/** What one role says of one capability; rules by their text. */
export interface RoleReading {
  readonly role: string
  /** A key may hold a role that the configuration does not have. */
  readonly isConfigured: boolean
  readonly scopes: readonly string[]
  readonly allows: readonly string[]
  readonly denies: readonly string[]
  /** Rules that would allow it, but for one of their parts. */
  readonly nearlyAllows: readonly { readonly rule: string; readonly misses: string }[]
}

interface Role {
  readonly name: string
  readonly scopes: readonly string[]
  readonly allow: readonly Selector[]
  readonly deny: readonly Selector[]
}

/** Whether a caller may know of what was decided on: it may be called, or could be with more scopes. */
export function isVisible(decision: Decision): boolean {
  return decision.effect === 'permit' || decision.reason === 'credential'
}

/** What a policy is made of. */
export interface PolicyParts {
  readonly roles: Readonly<Record<string, RoleOptions>>
  readonly scopes: Readonly<Record<string, ScopeOptions>>
  readonly rules: Rules
  /** What the rules were compiled from. */
  readonly ruleOptions: readonly RuleOptions[]
}

/** Combinations of roles for which decisions on a capability are remembered. */
const MAX_REMEMBERED = 1_000

/**
 * Compiles the roles. Permitted is what a role of the principal allows, none denies, and for which the roles together
 * grant every scope; a credential that is limited to scopes must have them too. Everything else is denied. What the roles
 * say is remembered per capability and set of roles.
 */
export function createPolicy({ roles, scopes, rules, ruleOptions }: PolicyParts): Policy {
  const compiled = new Map(Object.entries(roles).map(([name, role]) => [name, compileRole(name, role)]))
  const includes = compileScopes(scopes)
  const byRoles = new RoleDecisions(compiled, includes)
  return {
    hash: hash('sha256', JSON.stringify([roles, scopes, ruleOptions]), 'base64url'),
    decide(principal, capability) {
      const decision = byRoles.decide(principal.roles, capability)
      if (decision.effect === 'deny' && decision.reason === 'hidden') return decision
      // Before a missing scope is told: what a rule hides is not to be known of.
      const refusal = rules.ofPrincipal(principal, capability)
      if (refusal !== undefined) return hidden(refusal.rule)
      if (decision.effect === 'deny' || principal.scopes === undefined) return decision
      const given = principal.scopes
      const missing = capability.credentialScopes.filter((scope) => !includes(given, scope))
      return missing.length === 0 ? decision : { effect: 'deny', reason: 'credential', rule: decision.rule, missing }
    },
    rules,
    scopesOf(names, capabilities) {
      const permitted = capabilities.filter((capability) => byRoles.decide(names, capability).effect === 'permit')
      return [...new Set(permitted.flatMap(({ credentialScopes }) => credentialScopes))].sort()
    },
    explain({ roles: names }, capability) {
      const held = names.flatMap((name) => compiled.get(name) ?? [])
      const others = [...compiled.values()].filter(({ name }) => !names.includes(name))
      return {
        roles: names.map((name) => readRole(name, compiled.get(name), capability)),
        otherRoles: others
          .filter((other) => decide([...held, other], capability, includes).effect === 'permit')
          .map(({ name }) => name),
      }
    },
    holds(principal, scope) {
      if (principal.scopes !== undefined && !includes(principal.scopes, scope)) return false
      return principal.roles.some((name) => includes(compiled.get(name)?.scopes ?? [], scope))
    },
  }
}

/** What roles decide, remembered. */
class RoleDecisions {
  readonly #roles: ReadonlyMap<string, Role>
  readonly #includes: IncludesScope
  readonly #decided = new WeakMap<Capability, Map<string, Decision>>()

  constructor(roles: ReadonlyMap<string, Role>, includes: IncludesScope) {
    this.#roles = roles
    this.#includes = includes
  }

  decide(names: readonly string[], capability: Capability): Decision {
    const isKnown = (name: string): boolean => this.#roles.has(name)
    const held = names.every(isKnown) ? names : names.filter(isKnown)
    // Names of roles have no spaces.
    const key = held.length === 1 ? (held[0] as string) : held.join(' ')
    const decisions = this.#decided.get(capability) ?? new Map<string, Decision>()
    if (decisions.size === 0) this.#decided.set(capability, decisions)
    const known = decisions.get(key)
    if (known !== undefined) return known
    const roles = held.flatMap((name) => this.#roles.get(name) ?? [])
    const decision = decide(roles, capability, this.#includes)
    if (decisions.size >= MAX_REMEMBERED) decisions.clear()
    decisions.set(key, decision)
    return decision
  }
}

function decide(roles: readonly Role[], capability: Capability, includes: IncludesScope): Decision {
  const { roles: wanted } = capability
  if (wanted !== undefined && !roles.some(({ name }) => wanted.includes(name))) {
    return hidden(`it is for the roles ${wanted.join(', ')} alone`)
  }
  for (const role of roles) {
    const denied = role.deny.find((selector) => selector.selects(capability))
    if (denied !== undefined) return hidden(`role ${role.name}: deny ${denied.text}`)
  }
  for (const role of roles) {
    const allowed = role.allow.find((selector) => selector.selects(capability))
    if (allowed === undefined) continue
    const granted = roles.flatMap(({ scopes }) => scopes)
    const missing = capability.scopes.filter((scope) => !includes(granted, scope))
    const rule = `role ${role.name}: allow ${allowed.text}`
    return missing.length === 0 ? { effect: 'permit', rule } : { effect: 'deny', reason: 'scope', rule, missing }
  }
  return hidden(roles.length === 0 ? 'no role' : 'no role allows it')
}

function readRole(name: string, role: Role | undefined, capability: Capability): RoleReading {
  const { scopes = [], allow = [], deny = [] } = role ?? {}
  const selecting = (rules: readonly Selector[]): string[] =>
    rules.filter((rule) => rule.selects(capability)).map(({ text }) => text)
  const nearlyAllows = allow.flatMap((rule) => {
    const [misses, ...more] = rule.misses(capability)
    // A rule of one part that does not match is no more about it than any other.
    return misses === undefined || more.length > 0 || rule.parts.length === 1 ? [] : [{ rule: rule.text, misses }]
  })
  const isConfigured = role !== undefined
  return { role: name, isConfigured, scopes, allows: selecting(allow), denies: selecting(deny), nearlyAllows }
}

function hidden(rule: string): Decision {
  return { effect: 'deny', reason: 'hidden', rule, missing: [] }
}

function compileRole(name: string, role: RoleOptions): Role {
  return { name, scopes: role.scopes, allow: role.allow.map(compileSelector), deny: role.deny.map(compileSelector) }
}

/**
 * Lets a permitted call pass; else throws `FORBIDDEN`, `INSUFFICIENT_SCOPE` to whoever can get a token with more scopes, or
 * just what an unknown name throws.
 */
export function authorize(
  decision: Decision,
  { principal, ...call }: Pick<Call, 'kind' | 'name' | 'principal'>,
  capability: Capability,
): void {
  if (decision.effect === 'permit') return
  if (decision.reason === 'hidden') throw notFound(call)
  if (decision.reason === 'scope') {
    throw new ToolgateError({
      code: 'FORBIDDEN',
      message: `${call.name} needs the scope ${decision.missing.join(' ')}, which none of your roles grants.`,
      hint: 'Ask the owner of this server for a role that grants it.',
      data: { missingScopes: decision.missing },
    })
  }
  const message = `${call.name} needs the scope ${decision.missing.join(' ')}, which your credential does not have.`
  if (principal.kind !== 'oauth') {
    const hint = 'Ask the owner of this server for a credential that has it.'
    throw new ToolgateError({ code: 'FORBIDDEN', message, hint, data: { missingScopes: decision.missing } })
  }
  throw new ToolgateError({
    code: 'INSUFFICIENT_SCOPE',
    message,
    hint: 'Ask for a token that has it.',
    // All that the call needs: whoever asks for the missing ones alone gets a token without the others (RFC 6750 §3.1).
    data: { scopes: capability.credentialScopes, missingScopes: decision.missing },
  })
}
