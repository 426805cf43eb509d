import { nearestSpelling } from '../../../nearest-spelling.ts'
import type { ColumnUse, Findings } from './findings.ts'
import type { RelationRule } from './guard-rules.ts'
import { Refusal } from './refusal.ts'

/**
 * Refuses columns that exist nowhere, with the name that was probably meant. It is a courtesy: what keeps hidden columns
 * hidden is the rewriting, and where the guard cannot tell, the server answers.
 */
export function checkColumns(findings: Findings): void {
  const columns = new Set([...findings.relations].flatMap((rule) => rule.columns.map(({ name }) => name)))
  for (const use of findings.columns) {
    const [first = '', second] = use.names
    if (second === undefined) checkAlone(first, use, { columns, findings })
    else if (use.names.length === 2) checkOfAlias(first, second, use, findings)
  }
}

interface Known {
  readonly columns: ReadonlySet<string>
  readonly findings: Findings
}

function checkAlone(name: string, { byte }: ColumnUse, { columns, findings }: Known): void {
  if (findings.hasOpenNames || columns.has(name) || findings.names.has(name) || UNNAMED.test(name)) return
  throw unknownColumn(name, [...columns, ...findings.names], byte)
}

function checkOfAlias(alias: string, name: string, { byte }: ColumnUse, { aliases }: Findings): void {
  const rules = [...(aliases.get(alias) ?? [])]
  const known = rules.filter((rule): rule is RelationRule => rule !== undefined)
  if (rules.length === 0 || known.length < rules.length) return
  const columns = known.flatMap((rule) => rule.columns.map((column) => column.name))
  if (columns.includes(name)) return
  throw unknownColumn(`${alias}.${name}`, columns, byte)
}

/** Names the server gives to results that have none. */
const UNNAMED = /^(?:column\d+|\?column\?|case|coalesce|greatest|least|nullif|array|row|exists|grouping|bool|json\w*)$/

function unknownColumn(asked: string, columns: readonly string[], byte: number): Refusal {
  const didYouMean = nearestSpelling(asked.split('.').at(-1) ?? asked, columns)
  const hint =
    didYouMean === undefined ? 'Look the columns up, or give it an alias first.' : `Did you mean ${didYouMean}?`
  return new Refusal(`There is no column ${asked} here. ${hint}`, { byte, didYouMean })
}
