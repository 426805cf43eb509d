import type { Findings } from './findings.ts'
import type { RelationRule } from './guard-rules.ts'
import { quoteName, quoteQualified } from './read-names.ts'
import { Refusal } from './refusal.ts'
import type { SqlNode } from './sql-parser.ts'

/** What a caller reads instead of the relation: the columns that may be seen, masked, of the rows that may be seen. */
export function subselectText({ schema, name, columns, where, isFenced }: RelationRule, isOnly: boolean): string {
  const targets = columns.map((column) =>
    column.mask === undefined ? quoteName(column.name) : `(${column.mask}) AS ${quoteName(column.name)}`,
  )
  const condition = where === undefined ? '' : ` WHERE (${where})${isFenced === false ? '' : ' OFFSET 0'}`
  return `SELECT ${targets.join(', ')} FROM ${isOnly ? 'ONLY ' : ''}${quoteQualified(schema, name)}${condition}`
}

/** Its parse tree, wrapped. Refuses where masks and condition do not make one SELECT of it. */
export function parseSubselect(text: string, { parser, subselects }: Findings): SqlNode {
  const known = subselects.get(text)
  if (known !== undefined) return known
  const [statement, second] = parseQuietly(text, parser.parse)
  const keys = statement === undefined ? [] : Object.keys(statement)
  if (statement === undefined || second !== undefined || keys.length !== 1 || keys[0] !== 'SelectStmt') {
    throw new Refusal(UNUSABLE)
  }
  subselects.set(text, statement)
  return statement
}

const UNUSABLE = 'The rules of this table cannot be applied, so it cannot be read. Ask the operator to check them.'

/** The text of the rules is none of the caller's business, nor what is wrong with it. */
function parseQuietly(text: string, parse: (sql: string) => readonly SqlNode[]): readonly SqlNode[] {
  try {
    return parse(text)
  } catch {
    throw new Refusal(UNUSABLE)
  }
}
