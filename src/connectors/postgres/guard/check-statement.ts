import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import type { SqlNode } from './sql-parser.ts'
import { walkStatement } from './walk-statement.ts'

/** What kind of statement it is. */
export type StatementForm = 'select' | 'values' | 'table' | 'explain' | 'show'

/** Refuses everything but a SELECT in one of its forms, EXPLAIN of one, and SHOW of a harmless setting. */
export function checkStatement(statement: SqlNode, findings: Findings): StatementForm {
  const [type = '', ...others] = Object.keys(statement)
  const node = statement[type] as SqlNode
  if (others.length > 0) throw new Refusal('The statement could not be read.')
  if (type === 'VariableShowStmt') return checkShow(node)
  if (type === 'ExplainStmt') return checkExplain(node, findings)
  walkStatement(statement, findings)
  return formOf(node)
}

function formOf(select: SqlNode): StatementForm {
  if (select.op !== 'SETOP_NONE') return 'select'
  if (select.valuesLists !== undefined) return 'values'
  const [target] = (select.targetList ?? []) as readonly { ResTarget?: { location?: number } }[]
  return target?.ResTarget?.location === -1 ? 'table' : 'select'
}

const SHOWN: readonly string[] = [
  'client_encoding',
  'datestyle',
  'intervalstyle',
  'server_encoding',
  'server_version',
  'timezone',
]

function checkShow(node: SqlNode): StatementForm {
  const isKnown = Object.keys(node).every((key) => key === 'name') && typeof node.name === 'string'
  if (!isKnown || !SHOWN.includes(String(node.name).toLowerCase())) {
    throw new Refusal(`SHOW answers only ${SHOWN.join(', ')}. Other settings are not available here.`)
  }
  return 'show'
}

/** Each with the arguments it may have; undefined is none. ANALYZE runs the statement, VERBOSE and SETTINGS tell names. */
const EXPLAIN_OPTIONS: ReadonlyMap<string, readonly (string | undefined)[]> = new Map([
  ['format', ['text', 'json', 'yaml']],
  ...['costs', 'summary', 'buffers', 'memory', 'generic_plan'].map((name): [string, (string | undefined)[]] => [
    name,
    [undefined, 'true', 'false', 'on', 'off', '1', '0'],
  ]),
  ...['analyze', 'verbose', 'settings', 'timing', 'wal'].map((name): [string, string[]] => [
    name,
    ['false', 'off', '0'],
  ]),
])

function checkExplain(node: SqlNode, findings: Findings): StatementForm {
  if (findings.rules.allowsExplain === false) throw new Refusal('EXPLAIN is not available here. Run the query itself.')
  const { query, options = [], ...others } = node
  if (Object.keys(others).length > 0) throw new Refusal('This form of EXPLAIN is not available. Use EXPLAIN SELECT ….')
  for (const option of options as readonly { DefElem?: SqlNode }[]) checkOption(option.DefElem ?? {})
  walkStatement(query as SqlNode, findings)
  // A plan tells how many rows there are of what the caller must not see, and the condition that hides them.
  if ([...findings.relations].some(({ where }) => where !== undefined)) {
    throw new Refusal('EXPLAIN is not available for tables of which you see only some rows. Run the query itself.')
  }
  return 'explain'
}

function checkOption({ defname, arg }: SqlNode): void {
  const name = String(defname)
  const value = arg === undefined ? undefined : leafText(arg as SqlNode)
  if (EXPLAIN_OPTIONS.get(name)?.includes(value)) return
  if (name === 'analyze') {
    throw new Refusal(
      'EXPLAIN ANALYZE runs the statement, so it is not available. Use EXPLAIN alone, or run the query.',
    )
  }
  throw new Refusal(`The option ${name} of EXPLAIN is not available so. Use FORMAT, COSTS, SUMMARY or none.`)
}

/** `{ String: { sval: 'json' } }` → `json`; anything else is no option's value. */
function leafText(arg: SqlNode): string {
  const [leaf] = Object.values(arg) as readonly SqlNode[]
  const value = leaf?.sval ?? leaf?.ival ?? leaf?.boolval ?? (Object.keys(arg)[0] === 'Integer' ? 0 : '')
  return String(value).toLowerCase()
}
