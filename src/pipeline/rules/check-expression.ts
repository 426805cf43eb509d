import type { parse } from '@bufbuild/cel'
import { nearestSpelling } from '../../nearest-spelling.ts'

/** An expression as the parser of CEL answers it. */
export type Expression = ReturnType<typeof parse>['expr']

/** What is known of an expression before it is ever evaluated. */
export interface ExpressionFacts {
  /** Whether it looks at the arguments. */
  readonly usesArgs: boolean
  /** Whether it goes through the items of something: `all`, `exists`, `exists_one`, `filter`, `map`. */
  readonly hasLoop: boolean
  /** Its regular expressions. */
  readonly patterns: readonly string[]
  /** What it is where it is the same for every call. */
  readonly constant: boolean | undefined
}

/** The members of the variables whose members are known. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  principal: ['id', 'name', 'kind', 'roles', 'tenant', 'user', 'scopes', 'clientId', 'claims'],
  capability: ['kind', 'name', 'connector', 'tags', 'readOnly'],
}
const VARIABLES = [...Object.keys(FIELDS), 'args']

const CONDITIONS = '_&&_ _||_ !_ _==_ _!=_ _<_ _<=_ _>_ _>=_ @in contains startsWith endsWith matches bool'.split(' ')
const OTHERS = '_+_ _-_ _*_ _/_ _%_ -_ size int uint double string bytes type dyn timestamp duration'.split(' ')
const OF_TIMES = ['FullYear', 'Month', 'DayOfYear', 'DayOfMonth', 'Date', 'DayOfWeek', 'Hours', 'Minutes', 'Seconds']
const OF_TEXTS = ['lowerAscii', 'upperAscii', 'trim']
const NEUTRAL = ['_?_:_', '_[_]', '@not_strictly_false']
const VALUES: ReadonlySet<string> = new Set([...OTHERS, ...OF_TEXTS, ...OF_TIMES.map((part) => `get${part}`)])
const FUNCTIONS: ReadonlySet<string> = new Set([...CONDITIONS, ...VALUES, ...NEUTRAL])

const MAX_NODES = 500
const MAX_DEPTH = 40

/**
 * Checks an expression: that it names what there is, can be a condition, and costs no more than its arguments are long. So
 * there is no loop inside the body of a loop, and a pattern is a literal, which is compiled once. Throws an `Error` for people.
 */
export function checkExpression(expression: Expression): ExpressionFacts {
  const walk = new Walk()
  walk.visit(expression, { depth: 0, isInLoop: false, own: [] })
  const { exprKind } = expression
  if (exprKind.case === 'listExpr' || exprKind.case === 'structExpr') throw notACondition()
  if (exprKind.case === 'identExpr' && VARIABLES.includes(exprKind.value.name)) throw notACondition()
  if (exprKind.case === 'callExpr' && VALUES.has(exprKind.value.function)) throw notACondition()
  const { usesArgs, hasLoop, patterns } = walk
  return { usesArgs, hasLoop, patterns, constant: constantOf(expression) }
}

function constantOf({ exprKind }: Expression): boolean | undefined {
  if (exprKind.case !== 'constExpr') return undefined
  const { constantKind } = exprKind.value
  if (constantKind.case !== 'boolValue') throw notACondition()
  return constantKind.value
}

interface Place {
  readonly depth: number
  readonly isInLoop: boolean
  /** Variables of the loops around it. */
  readonly own: readonly string[]
}

class Walk {
  usesArgs = false
  hasLoop = false
  readonly patterns: string[] = []
  #nodes = 0

  visit({ exprKind }: Expression, place: Place): void {
    this.#nodes += 1
    if (this.#nodes > MAX_NODES || place.depth > MAX_DEPTH) throw new Error('is too long or nested too deeply')
    const next = { ...place, depth: place.depth + 1 }
    switch (exprKind.case) {
      case 'identExpr':
        this.#name(exprKind.value.name, place)
        return
      case 'selectExpr':
        this.#select(exprKind.value, next)
        return
      case 'callExpr':
        this.#call(exprKind.value, next)
        return
      case 'listExpr':
        for (const item of exprKind.value.elements) this.visit(item, next)
        return
      case 'structExpr':
        this.#struct(exprKind.value, next)
        return
      case 'comprehensionExpr':
        this.#loop(exprKind.value, next)
        return
      default:
    }
  }

  #name(name: string, { own }: Place): void {
    if (own.includes(name)) return
    if (!VARIABLES.includes(name)) throw unknown(name, VARIABLES, `has no variable \`${name}\``)
    if (name === 'args') this.usesArgs = true
  }

  #select({ operand, field }: Of<'selectExpr'>, place: Place): void {
    if (operand === undefined) return
    this.visit(operand, place)
    const of = operand.exprKind.case === 'identExpr' ? operand.exprKind.value.name : ''
    const known = place.own.includes(of) || !Object.hasOwn(FIELDS, of) ? undefined : FIELDS[of]
    if (known === undefined || known.includes(field)) return
    throw unknown(field, known, `has no \`${of}.${field}\``)
  }

  #call(call: Of<'callExpr'>, place: Place): void {
    const { function: name, target, args } = call
    if (!FUNCTIONS.has(name)) throw unknown(name, [...FUNCTIONS], `has no function \`${name}\``)
    if (target !== undefined) this.visit(target, place)
    for (const argument of args) this.visit(argument, place)
    if (name !== 'matches') return
    const pattern = textOf(args.at(-1))
    if (pattern === undefined) throw new Error('has a pattern that is no literal: write it in quotes')
    this.patterns.push(pattern)
  }

  #struct({ messageName, entries }: Of<'structExpr'>, place: Place): void {
    if (messageName !== '') throw new Error(`has no type \`${messageName}\``)
    for (const { keyKind, value } of entries) {
      if (keyKind.case === 'mapKey') this.visit(keyKind.value, place)
      if (value !== undefined) this.visit(value, place)
    }
  }

  #loop(loop: Of<'comprehensionExpr'>, place: Place): void {
    if (place.isInLoop) throw new Error('goes through items inside of going through items, which could take too long')
    this.hasLoop = true
    const names = [loop.iterVar, loop.iterVar2, loop.accuVar].filter((name) => name !== '')
    const hidden = names.find((name) => VARIABLES.includes(name))
    if (hidden !== undefined) throw new Error(`gives the name \`${hidden}\` to something else`)
    if (loop.iterRange !== undefined) this.visit(loop.iterRange, place)
    const inside = { ...place, isInLoop: true, own: [...place.own, ...names] }
    for (const part of [loop.accuInit, loop.loopCondition, loop.loopStep, loop.result]) {
      if (part !== undefined) this.visit(part, inside)
    }
  }
}

type Kind = Expression['exprKind']
type Of<Case extends Kind['case']> =
  Extract<Kind, { readonly case: Case }> extends { readonly value: infer Value } ? Value : never

function textOf(expression: Expression | undefined): string | undefined {
  const kind = expression?.exprKind
  if (kind?.case !== 'constExpr') return undefined
  return kind.value.constantKind.case === 'stringValue' ? kind.value.constantKind.value : undefined
}

function notACondition(): Error {
  return new Error('is neither true nor false: write a condition, such as principal.tenant == args.tenant')
}

function unknown(name: string, known: readonly string[], problem: string): Error {
  const nearest = nearestSpelling(name, known)
  const readable = known.filter((each) => /^[a-z]/i.test(each))
  const hint = nearest === undefined ? `there are ${readable.join(', ')}` : `did you mean \`${nearest}\`?`
  return new Error(`${problem}: ${hint}`)
}
