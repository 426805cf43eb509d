import { checkNode } from './check-node.ts'
import type { Findings } from './findings.ts'
import { type FieldKind, fieldsOf } from './node-fields.ts'
import { Refusal } from './refusal.ts'
import { refuseField, refuseType } from './refuse-construct.ts'
import type { SqlNode } from './sql-parser.ts'

/** Where in the tree a node is. */
export interface Place {
  readonly findings: Findings
  /** Names of common table expressions that a name without a schema means here. */
  readonly ctes: ReadonlySet<string>
  readonly depth: number
}

/**
 * Checks every node of a SELECT, wrapped as `{ SelectStmt: {…} }`, and writes down in the findings what it uses and what
 * is to be rewritten. The tree becomes that of the rewritten statement. Throws `Refusal`.
 */
export function walkStatement(statement: SqlNode, findings: Findings): void {
  const [type = ''] = Object.keys(statement)
  if (type !== 'SelectStmt') throw refuseType(type, statement[type] as SqlNode)
  walkWrapped(statement, { findings, ctes: new Set(), depth: 0 })
}

/** Levels of the tree; far below what overflows a stack of any caller. */
const MAX_DEPTH = 600

function walkWrapped(wrapper: SqlNode, place: Place): void {
  const [type, ...others] = Object.keys(wrapper)
  // The grammar has empty places, such as the list of DISTINCT without ON.
  if (type === undefined) return
  if (others.length > 0) throw new Refusal('The statement could not be read.')
  walkNode(type, wrapper[type] as SqlNode, place, wrapper)
}

function walkNode(type: string, node: SqlNode, place: Place, wrapper: SqlNode): void {
  const fields = fieldsOf(type)
  if (fields === undefined) throw refuseType(type, node)
  if (place.depth > MAX_DEPTH) throw new Refusal('The statement is nested too deeply. Split it into several.')
  const inner: Place = { ...place, ctes: ctesWithin(type, node, place), depth: place.depth + 1 }
  // Fields come first: no check reads, and no rewriting touches, a node that has unknown ones.
  for (const key of Object.keys(node)) if (!fields.has(key)) throw refuseField(type, key)
  if (checkNode(type, node, inner, wrapper) === 'done') return
  for (const [key, value] of Object.entries(node)) {
    if (type === 'SelectStmt' && key === 'withClause') walkWith(value as SqlNode, { ...place, depth: place.depth + 1 })
    else walkField(fields.get(key) ?? 'leaf', value, inner, node)
  }
  if (type === 'RangeTableSample' && !('RangeVar' in (node.relation as SqlNode))) {
    throw new Refusal('TABLESAMPLE is not available for this table. Use ORDER BY random() LIMIT n.')
  }
}

function walkField(kind: FieldKind, value: unknown, place: Place, parent: SqlNode): void {
  if (kind === 'leaf') checkLeaf(value)
  else if (kind === 'node') walkWrapped(value as SqlNode, place)
  else if (kind === 'nodes') for (const item of value as readonly SqlNode[]) walkWrapped(item, place)
  else walkNode(kind, value as SqlNode, place, parent)
}

/** A leaf is no place where a tree could hide. */
function checkLeaf(value: unknown): void {
  const parts = typeof value === 'object' && value !== null ? Object.values(value) : [value]
  if (parts.some((part) => typeof part === 'object')) throw new Refusal('The statement could not be read.')
}

function ctesWithin(type: string, node: SqlNode, { ctes }: Place): ReadonlySet<string> {
  const { withClause } = node as { withClause?: SqlNode }
  if (type !== 'SelectStmt' || withClause === undefined) return ctes
  return new Set([...ctes, ...cteNames(withClause)])
}

/** Without RECURSIVE an expression sees those before it, and neither itself nor those after it. */
function walkWith(withClause: SqlNode, place: Place): void {
  const fields = fieldsOf('WithClause')
  for (const key of Object.keys(withClause)) if (!fields?.has(key)) throw refuseField('WithClause', key)
  const names = cteNames(withClause)
  for (const [index, cte] of (withClause.ctes as readonly SqlNode[]).entries()) {
    const seen = withClause.recursive === true ? names : names.slice(0, index)
    walkWrapped(cte, { ...place, ctes: new Set([...place.ctes, ...seen]) })
  }
}

function cteNames(withClause: SqlNode): string[] {
  const ctes = (withClause.ctes ?? []) as readonly { CommonTableExpr?: { ctename?: string } }[]
  return ctes.map(({ CommonTableExpr }) => CommonTableExpr?.ctename ?? '')
}
