import { checkFunction } from './check-function.ts'
import { checkRelation } from './check-relation.ts'
import { checkType } from './check-type.ts'
import { addAlias } from './findings.ts'
import { type GuardRules, isReplaced } from './guard-rules.ts'
import { nameTokens } from './locate-name.ts'
import { quoteName, readNames } from './read-names.ts'
import { Refusal } from './refusal.ts'
import type { SqlNode } from './sql-parser.ts'
import type { Place } from './walk-statement.ts'

/** What is checked of one node before its fields are walked; `done` when they need not be. */
type NodeCheck = (node: SqlNode, place: Place, wrapper: SqlNode) => 'done' | undefined

/** Checks what a node of this type says, beyond which fields it may have. */
export function checkNode(type: string, node: SqlNode, place: Place, wrapper: SqlNode): 'done' | undefined {
  return CHECKS[type]?.(node, place, wrapper)
}

const CHECKS: Readonly<Record<string, NodeCheck>> = {
  RangeVar: checkRelation,
  FuncCall: checkFunction,
  TypeName: checkType,
  ColumnRef: checkColumn,
  A_Indirection: (node, { findings }) => {
    for (const name of readNames(node.indirection)) refuseCall(name, findings.rules, undefined)
    return undefined
  },
  A_Expr: (node) => refuseQualified(node.name, node.location),
  SubLink: (node) => refuseQualified(node.operName, node.location),
  SortBy: (node) => refuseQualified(node.useOp, node.location),
  CollateClause: (node) => {
    const [schema, ...rest] = readNames(node.collname)
    if (rest.length > 0 && schema !== 'pg_catalog') {
      throw new Refusal('Only the collations of pg_catalog are available. Leave out the schema.')
    }
    return undefined
  },
  SQLValueFunction: (node, { findings }) => {
    const op = String(node.op)
    if (!/^SVFOP_(?:CURRENT_(?:DATE|TIME|TIMESTAMP)|LOCALTIME|LOCALTIMESTAMP)(?:_N)?$/.test(op)) {
      throw new Refusal(
        'Who is logged in to the database is not available here. Leave out CURRENT_USER and the like.',
        {
          byte: node.location as number,
        },
      )
    }
    findings.names.add(op.replace('SVFOP_', '').replace(/_N$/, '').toLowerCase())
    return undefined
  },
  ParamRef: (node, { findings }) => {
    const count = findings.rules.parameterCount ?? 0
    const number = Number(node.number ?? 0)
    if (number >= 1 && number <= count) return undefined
    const hint = count === 0 ? 'Write the value itself.' : `There are $1 to $${count}.`
    throw new Refusal(`There is no parameter $${number}. ${hint}`, { byte: node.location as number })
  },
  RangeTableSample: (node) => {
    const [method, ...rest] = readNames(node.method)
    if (rest.length === 0 && (method === 'system' || method === 'bernoulli')) return undefined
    throw new Refusal('Only TABLESAMPLE SYSTEM and BERNOULLI are available.')
  },
  RangeFunction: openNames,
  JsonTable: openNames,
  Alias: (node, { findings }) => {
    addAlias(findings, String(node.aliasname), undefined)
    for (const name of readNames(node.colnames)) findings.names.add(name)
    return 'done'
  },
  CommonTableExpr: (node, { findings }) => {
    addAlias(findings, String(node.ctename), undefined)
    for (const name of readNames(node.aliascolnames)) findings.names.add(name)
    const search = node.search_clause as SqlNode | undefined
    const cycle = node.cycle_clause as SqlNode | undefined
    for (const name of [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column]) {
      if (typeof name === 'string') findings.names.add(name)
    }
    return undefined
  },
  ResTarget: (node, { findings }) => {
    if (typeof node.name === 'string') findings.names.add(node.name)
    return undefined
  },
}

function openNames(_node: SqlNode, { findings }: Place): undefined {
  findings.hasOpenNames = true
}

/** An operator of another schema is somebody's own function. */
function refuseQualified(names: unknown, location: unknown): undefined {
  if (names === undefined || readNames(names).length <= 1) return undefined
  throw new Refusal('OPERATOR() with a schema is not available. Write the operator itself, such as a + b.', {
    byte: location as number,
  })
}

const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'])

function checkColumn(node: SqlNode, { findings }: Place): 'done' {
  const names = readNames(node.fields)
  const fields = node.fields as SqlNode[]
  const byte = node.location as number
  const last = names.at(-1) ?? ''
  if (fields.length > 3)
    throw new Refusal('Names of other databases are not available. Leave out the database.', { byte })
  if (SYSTEM_COLUMNS.has(last)) throw new Refusal(`There is no column ${last} here.`, { byte })
  // `t.name` and `t.name` of a row call the function name(t) when t has no such column.
  for (const name of names.slice(1)) refuseCall(name, findings.rules, byte)
  stripSchema(node, names, findings)
  const hasStar = fields.some((field) => 'A_Star' in field)
  if (!hasStar) findings.columns.push({ names: readNames(node.fields), byte })
  return 'done'
}

/** A replaced relation goes by its name alone, for it is a subselect. */
function stripSchema(node: SqlNode, names: readonly string[], findings: Place['findings']): void {
  const fields = node.fields as SqlNode[]
  const [schema = '', relation = ''] = names
  const rule = fields.length === 3 ? findings.rules.relations.bySchema.get(schema)?.get(relation) : undefined
  if (rule === undefined || !isReplaced(rule)) return
  const { start, end } = nameTokens(findings.text, node.location as number, 2)
  findings.edits.push({ start, end, text: quoteName(relation) })
  node.fields = fields.slice(1)
}

function refuseCall(name: string, { functions, relations }: GuardRules, byte: number | undefined): void {
  const { refusedOfOne, othersOfOne } = functions
  const isOther = othersOfOne.has(name) || name.startsWith('pg_')
  if (!refusedOfOne.has(name) && (!isOther || relations.columnNames.has(name))) return
  throw new Refusal(`The function ${name} is not available here, not as a column either. Name a column.`, { byte })
}
