import type { Edit, Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import type { SqlNode, SqlParser } from './sql-parser.ts'

/**
 * Writes the edits of a checked statement into its text, and proves it: the parse tree of the new text must be the tree
 * that the checks left. A splice that lands elsewhere than meant refuses the statement. Trailing semicolons and comments
 * are cut off.
 */
export function rewriteQuery(checked: SqlNode, { text, edits, parser }: Findings): string {
  const last = text.tokens.findLast((token) => token.text !== ';')
  const sql = splice(text.bytes.subarray(0, last?.end), edits)
  if (!parsesTo(checked, sql, parser)) {
    throw new Refusal('The statement could not be rewritten safely. Write it more plainly, with schema.table AS alias.')
  }
  return sql
}

/** What the parser says about the new text quotes rules, so it is not passed on. */
function parsesTo(checked: SqlNode, sql: string, parser: SqlParser): boolean {
  try {
    const [statement, second] = parser.parse(sql)
    return second === undefined && isSameTree(statement, checked)
  } catch {
    return false
  }
}

function splice(bytes: Buffer, edits: readonly Edit[]): string {
  const parts: string[] = []
  let at = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(bytes.toString('utf8', at, start), text)
    at = end
  }
  parts.push(bytes.toString('utf8', at))
  return parts.join('')
}

/** Positions in the text, which the rewriting moves. */
const POSITIONS: ReadonlySet<string> = new Set([
  'location',
  'name_location',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
])

function isSameTree(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const left = Object.keys(a).filter((key) => !POSITIONS.has(key))
  const right = Object.keys(b).filter((key) => !POSITIONS.has(key))
  if (left.length !== right.length || Array.isArray(a) !== Array.isArray(b)) return false
  return left.every((key) => isSameTree((a as SqlNode)[key], (b as SqlNode)[key]))
}
