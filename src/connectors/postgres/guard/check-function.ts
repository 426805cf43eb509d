import { nearestSpelling } from '../../../nearest-spelling.ts'
import type { Findings } from './findings.ts'
import { nameTokens } from './locate-name.ts'
import { quoteQualified, readNames, toNames } from './read-names.ts'
import { Refusal } from './refusal.ts'
import type { SqlNode } from './sql-parser.ts'
import type { Place } from './walk-statement.ts'

/** Refuses a function that is not allowed; writes one with its schema where another could take its place. */
export function checkFunction(node: SqlNode, { findings }: Place): undefined {
  const names = readNames(node.funcname)
  const [name = '', schema, ...rest] = [...names].reverse()
  const byte = node.location as number
  const found = rest.length === 0 ? findSchema(name, schema, findings) : undefined
  if (found === undefined) throw unknownFunction(names, byte, findings)
  if (schema === undefined && (found !== 'pg_catalog' || findings.rules.functions.shadowed.has(name))) {
    const { start, end } = nameTokens(findings.text, byte, 1)
    findings.edits.push({ start, end, text: quoteQualified(found, name) })
    node.funcname = toNames(found, name)
  }
  refuseAbsurd(name, node, byte)
  findings.functions.add(name)
  findings.names.add(name)
}

function findSchema(name: string, schema: string | undefined, { rules }: Findings): string | undefined {
  const { builtIn, exposed } = rules.functions
  const schemas = exposed.get(name) ?? []
  if (schema === 'pg_catalog' || (schema === undefined && builtIn.has(name))) {
    return builtIn.has(name) ? 'pg_catalog' : undefined
  }
  if (schema !== undefined) return schemas.includes(schema) ? schema : undefined
  return schemas.length === 1 ? schemas[0] : undefined
}

/** A function that exists and is refused is told apart from none in no way. */
function unknownFunction(names: readonly string[], byte: number, { rules }: Findings): Refusal {
  const { builtIn, exposed } = rules.functions
  const asked = names.join('.')
  const name = names.at(-1) ?? ''
  const schemas = exposed.get(name)
  const didYouMean =
    schemas === undefined
      ? (INSTEAD_OF.get(name) ?? nearestSpelling(name, [...builtIn, ...exposed.keys()]))
      : `${schemas[0]}.${name}`
  const hint =
    didYouMean === undefined || didYouMean === name
      ? 'Use the usual functions on text, numbers, dates, JSON and arrays, or leave it out.'
      : `Did you mean ${didYouMean}?`
  return new Refusal(`The function ${asked} is not available here. ${hint}`, {
    byte,
    ...(didYouMean !== name && { didYouMean }),
  })
}

/** What other databases call them. */
const INSTEAD_OF: ReadonlyMap<string, string> = new Map([
  ['ifnull', 'coalesce'],
  ['isnull', 'coalesce'],
  ['nvl', 'coalesce'],
  ['len', 'length'],
  ['getdate', 'now'],
  ['group_concat', 'string_agg'],
  ['listagg', 'string_agg'],
  ['date_format', 'to_char'],
  ['instr', 'strpos'],
  ['charindex', 'strpos'],
  ['rand', 'random'],
])

/** Far more than any answer may be long. */
const MAX_REPEAT = 1_000_000
const MAX_SERIES = 10_000_000

/** Cheap and not complete: what it misses runs into the limits of the session. */
function refuseAbsurd(name: string, { args }: SqlNode, byte: number): void {
  const numbers = ((args ?? []) as readonly SqlNode[]).map(numberOf)
  if (['repeat', 'lpad', 'rpad'].includes(name) && (numbers[1] ?? 0) > MAX_REPEAT) {
    throw new Refusal(`Texts of more than ${MAX_REPEAT} characters are not made here by ${name}. Ask for less.`, {
      byte,
    })
  }
  if (name !== 'generate_series') return
  const [from, to, step] = numbers
  if (from !== undefined && to !== undefined && Math.abs((to - from) / (step || 1)) > MAX_SERIES) {
    throw new Refusal(`More than ${MAX_SERIES} rows of generate_series are not made here. Ask for less.`, { byte })
  }
}

function numberOf(node: SqlNode): number | undefined {
  const constant = (node.A_Const ?? (node.TypeCast as { arg?: SqlNode } | undefined)?.arg?.A_Const) as
    | { ival?: { ival?: number }; fval?: { fval?: string } }
    | undefined
  if (constant?.ival !== undefined) return constant.ival.ival ?? 0
  return constant?.fval?.fval === undefined ? undefined : Number(constant.fval.fval)
}
