import type { CelData, Measured } from './cel-values.ts'
import { checkExpression, type ExpressionFacts } from './check-expression.ts'
import type { CelPackages } from './load-cel.ts'

/** What a condition is evaluated with. */
export interface ConditionInput {
  readonly principal: CelData
  readonly capability: CelData
  /** Absent for a condition that does not look at them. */
  readonly args?: Measured
}

/** A condition, compiled. */
export interface Condition extends ExpressionFacts {
  /** Throws an `Error` where it cannot be said: a member is missing, types do not fit, or there is too much to go through. */
  evaluate(input: ConditionInput): boolean
}

/** Values and characters that a condition with a loop goes through. */
const MAX_LOOP_SIZE = 16_384
/** Characters that the patterns of a condition are held against. */
const MAX_MATCHED = 100_000

/** Makes conditions. */
export type CompileCondition = (text: string) => Condition

/** Makes a compiler of conditions. What one costs at most grows with its arguments, and not faster. */
export function createConditionCompiler({ cel, strings, RE2JS }: CelPackages): CompileCondition {
  const { celEnv, CelScalar, isCelError, parse, plan } = cel
  let matchable = 0
  const patterns = new Map<string, { test(text: string): boolean }>()
  const compilePattern = (pattern: string): { test(text: string): boolean } => {
    const known = patterns.get(pattern)
    if (known !== undefined) return known
    const compiled = RE2JS.compile(pattern)
    const matcher = {
      test(text: string): boolean {
        matchable -= text.length
        if (matchable < 0) throw new Error('too much text for its patterns')
        return compiled.test(text)
      },
    }
    patterns.set(pattern, matcher)
    return matcher
  }
  const env = celEnv({
    variables: { principal: CelScalar.DYN, capability: CelScalar.DYN, args: CelScalar.DYN },
    funcs: strings.filter(({ name }) => ['lowerAscii', 'upperAscii', 'trim'].includes(name)),
    re2: { compile: compilePattern },
  })

  return (text) => {
    const parsed = parse(text)
    const facts = checkExpression(parsed.expr)
    for (const pattern of facts.patterns) compilePattern(pattern)
    const run = plan(env, parsed)
    return {
      ...facts,
      evaluate({ principal, capability, args = { value: new Map(), size: 0 } }) {
        if (facts.hasLoop && args.size > MAX_LOOP_SIZE) throw new Error('there are too many arguments to go through')
        matchable = MAX_MATCHED
        const answer = run({ principal, capability, args: args.value })
        if (isCelError(answer)) throw answer
        if (typeof answer !== 'boolean') throw new Error('it is neither true nor false')
        return answer
      },
    }
  }
}
