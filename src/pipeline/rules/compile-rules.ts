import type { Capability } from '../../capabilities/capability.ts'
import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import { compileSelector, nameOf } from '../selector/compile-selector.ts'
import { type CelData, type Measured, toCelData } from './cel-values.ts'
import { type CompileCondition, type Condition, createConditionCompiler } from './compile-condition.ts'
import { loadCel } from './load-cel.ts'
import type { RuleOptions } from './options.ts'

/** That a rule lets a call not pass. */
export interface RuleRefusal {
  /** `rule own-region`; and where it could not be evaluated, that. */
  readonly rule: string
  /** What the caller is told. */
  readonly message: string | undefined
  /** Why it could not be evaluated; for operators. */
  readonly failure?: string
}

/** The rules of a configuration. */
export interface Rules {
  /** The one that denies a capability to a principal whatever the arguments are. */
  ofPrincipal(principal: Principal, capability: Capability): RuleRefusal | undefined
  /** The one that denies the arguments; they are asked for where there is a rule to hold them against. */
  ofCall(principal: Principal, capability: Capability, args: () => unknown): RuleRefusal | undefined
  /** Positions of those that are for nothing among what is offered. */
  idle(capabilities: readonly Capability[]): readonly number[]
}

interface Rule {
  readonly name: string
  readonly message: string | undefined
  readonly condition: Condition
  /** What the condition says of a call that is denied. */
  readonly denies: boolean
  readonly isFor: (principal: Principal, capability: Capability) => boolean
  readonly selects: (capability: Capability) => boolean
}

/** Those of a configuration that has none. */
export const NO_RULES: Rules = { ofPrincipal: () => undefined, ofCall: () => undefined, idle: () => [] }

/** Compiles rules. Rejects with `CONFIG_INVALID` naming the one that is wrong, and with `NOT_CONFIGURED` without the packages. */
export async function compileRules(options: readonly RuleOptions[]): Promise<Rules> {
  if (options.length === 0) return NO_RULES
  const compile = createConditionCompiler(await loadCel())
  return new CompiledRules(options.map((rule, index) => compileRule(rule, `access.rules[${index}]`, compile)))
}

class CompiledRules implements Rules {
  readonly #all: readonly Rule[]
  readonly #ofPrincipal: readonly Rule[]
  readonly #ofCall: readonly Rule[]
  /** Principals are the same objects from call to call, and capabilities until what is offered changes. */
  readonly #known = new WeakMap<Principal, WeakMap<Capability, RuleRefusal | typeof NONE>>()

  constructor(rules: readonly Rule[]) {
    this.#all = rules
    this.#ofPrincipal = rules.filter(({ condition }) => !condition.usesArgs)
    this.#ofCall = rules.filter(({ condition }) => condition.usesArgs)
  }

  ofPrincipal(principal: Principal, capability: Capability): RuleRefusal | undefined {
    if (this.#ofPrincipal.length === 0) return undefined
    const known = this.#known.get(principal) ?? new WeakMap()
    this.#known.set(principal, known)
    const found = known.get(capability) ?? this.#find(this.#ofPrincipal, principal, capability) ?? NONE
    known.set(capability, found)
    return found === NONE ? undefined : found
  }

  ofCall(principal: Principal, capability: Capability, args: () => unknown): RuleRefusal | undefined {
    if (this.#ofCall.length === 0) return undefined
    return this.#find(this.#ofCall, principal, capability, args)
  }

  idle(capabilities: readonly Capability[]): readonly number[] {
    return this.#all.flatMap(({ selects }, index) => (capabilities.some(selects) ? [] : [index]))
  }

  #find(
    rules: readonly Rule[],
    principal: Principal,
    capability: Capability,
    given: () => unknown = () => undefined,
  ): RuleRefusal | undefined {
    const own = rules.filter(({ isFor }) => isFor(principal, capability))
    if (own.length === 0) return undefined
    const input = { principal: describePrincipal(principal), capability: describeCapability(capability) }
    let args: Measured | undefined
    for (const { name, message, condition, denies } of own) {
      const rule = `rule ${name}`
      try {
        if (condition.usesArgs) args ??= toCelData(given())
        const answer = condition.evaluate(args === undefined ? input : { ...input, args })
        if (answer === denies) return { rule, message }
      } catch (thrown) {
        const failure = thrown instanceof Error ? thrown.message : 'it failed'
        return { rule: `${rule} (cannot be evaluated)`, message, failure }
      }
    }
    return undefined
  }
}

const NONE = Symbol('no rule')

function compileRule(options: RuleOptions, path: string, compile: CompileCondition): Rule {
  const { name, message, select, roles } = options
  const effect = options.deny === undefined ? 'require' : 'deny'
  const text = options.deny ?? options.require ?? ''
  const denies = effect === 'deny'
  const selects = select === undefined ? (): boolean => true : compileSelector(select).selects
  const condition = compileAt(`${path}.${effect}`, text, compile)
  if (condition.constant === !denies) {
    throw invalid(`${path}.${effect}`, 'never denies anything', 'Remove the rule, or write what is to be denied.')
  }
  return {
    name,
    message,
    condition,
    denies,
    selects,
    isFor: (principal, capability) =>
      selects(capability) && (roles === undefined || principal.roles.some((role) => roles.includes(role))),
  }
}

function compileAt(path: string, text: string, compile: CompileCondition): Condition {
  try {
    return compile(text)
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown)
    // The parser names its input and the place in it.
    const problem = said.replace(/^<input>:(\d+):(\d+): /, 'cannot be read at line $1, character $2: ')
    throw invalid(path, problem, 'Conditions are written in CEL: https://cel.dev.')
  }
}

function invalid(path: string, problem: string, hint: string): ToolgateError {
  return new ToolgateError({ code: 'CONFIG_INVALID', message: `${path} ${problem}.`, hint })
}

const described = new WeakMap<object, CelData>()

function describePrincipal(principal: Principal): CelData {
  const known = described.get(principal)
  if (known !== undefined) return known
  const { id, name, kind, roles, tenant, user, scopes, clientId, claims = {} } = principal
  const { value } = toCelData({ id, name, kind, roles, tenant, user, scopes, clientId, claims })
  described.set(principal, value)
  return value
}

function describeCapability(capability: Capability): CelData {
  const known = described.get(capability)
  if (known !== undefined) return known
  const { kind, connector, tags, isReadOnly: readOnly } = capability
  const { value } = toCelData({ kind, name: nameOf(capability), connector, tags, readOnly })
  described.set(capability, value)
  return value
}
