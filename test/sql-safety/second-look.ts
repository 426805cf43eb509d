import { parseSync } from 'libpg-query'

/**
 * What is wrong with a statement that is about to run for somebody of tenant 1, looked at in another way than the guard
 * does: over the bare text of its parse tree, by lists of what must not be there. Empty when nothing is. The parser must
 * be loaded.
 */
export function lookAgain(sql: string): readonly string[] {
  const { stmts = [] } = parseSync(sql)
  const faults = stmts.length === 1 ? [] : [`${stmts.length} statements`]
  const tree = JSON.stringify(stmts[0]?.stmt ?? {})
    .replaceAll(/"(?:location|name_location|list_start|list_end|rexpr_list_start|rexpr_list_end)":-?\d+,?/g, '')
    .replaceAll(',}', '}')
  for (const [, type] of tree.matchAll(
    /"(\w+Stmt|IntoClause|LockingClause|XmlExpr|RangeTableFunc|XmlSerialize|MergeSupportFunc)":/g,
  )) {
    if (type !== 'SelectStmt' && type !== 'ExplainStmt' && type !== 'VariableShowStmt') faults.push(`a ${type}`)
  }
  if (/"(?:intoClause|lockingClause)":/.test(tree)) faults.push('INTO or a lock')
  if (/"SVFOP_(?:.*USER|.*ROLE|.*CATALOG|.*SCHEMA)"/.test(tree)) faults.push('who is logged in')
  if (
    /"defname":"(?:analyze|verbose|settings)"(?!,"arg":\{"(?:String":\{"sval":"(?:off|false)"|Integer":\{\}|Boolean":\{\}))/.test(
      tree,
    )
  )
    faults.push('EXPLAIN that runs')
  lookAtValue(JSON.parse(tree), { faults, ctes: cteNames(tree) })
  return faults
}

interface Look {
  readonly faults: string[]
  readonly ctes: ReadonlySet<string>
}

const REPLACED = new Set(['customers', 'orders', 'invoices', 'order_totals'])
const READABLE = new Set(['public.categories', 'public.products', 'sales.targets'])

const FORBIDDEN_CALL =
  /^(?:pg_(?!typeof$|size_pretty$|size_bytes$)|lo_|lo(?:read|write)$|set_config|current_(?:setting|database|schema)|session_user|dblink|query_to|table_to|schema_to|database_to|cursor_to|xml|xpath|txid|inet_(?:client|server)|(?:next|set|curr|last)val$|has_.*_privilege|to_?reg(?!exp)|ts_stat|ts_rewrite|version$|setseed|binary_upgrade|log_effect|quiet_effect|read_secret|join_names|obj_description|col_description|row_security)/

const FORBIDDEN_TYPE = /^_?(?:reg\w+|xml|oid|name|aclitem|secret|customers|orders|effects)$/

/** `x.name` calls name(x), so those without an argument are not called so. */
function mayTakeOne(name: string): boolean {
  return !/^(?:version|lastval|session_user|current_(?:database|schema)|txid_current\w*|inet_\w+)$/.test(name)
}

function cteNames(tree: string): ReadonlySet<string> {
  return new Set([...tree.matchAll(/"ctename":"((?:[^"\\]|\\.)*)"/g)].map(([, name]) => JSON.parse(`"${name}"`)))
}

function lookAtValue(value: unknown, look: Look): void {
  if (Array.isArray(value)) for (const item of value) lookAtValue(item, look)
  else if (typeof value === 'object' && value !== null) lookAtObject(value as Record<string, unknown>, look)
}

function lookAtObject(value: Record<string, unknown>, look: Look): void {
  if (isOwnSubselect(value)) return
  for (const [key, child] of Object.entries(value)) {
    if (key === 'relname') lookAtRelation(value, look)
    if (key === 'funcname') lookAtFunction(strings(child), look)
    if (key === 'indirection') lookAtCalls(strings(child).filter(mayTakeOne), look)
    if (key === 'fields') lookAtCalls(strings(child).slice(1).filter(mayTakeOne), look)
    if (key === 'names' && strings(child).some((name) => FORBIDDEN_TYPE.test(name))) look.faults.push('a type')
    if ((key === 'name' || key === 'operName' || key === 'useOp') && Array.isArray(child) && child.length > 1)
      look.faults.push('an operator')
    lookAtValue(child, look)
  }
}

function lookAtRelation({ catalogname, schemaname, relname }: Record<string, unknown>, { faults, ctes }: Look): void {
  const isCte = schemaname === undefined && ctes.has(String(relname))
  if (catalogname !== undefined || (!isCte && !READABLE.has(`${schemaname}.${relname}`))) {
    faults.push(`the relation ${schemaname}.${relname}`)
  }
}

function lookAtFunction(names: readonly string[], look: Look): void {
  lookAtCalls(names.slice(-1), look)
  const [schema, name] = names.length > 1 ? names : ['', ...names]
  const isFine = schema === '' ? name !== 'lower' : schema === 'pg_catalog' || `${schema}.${name}` === 'public.with_tax'
  if (!isFine || (schema === '' && name === 'with_tax')) look.faults.push(`the function ${names.join('.')}`)
}

function lookAtCalls(names: readonly string[], { faults }: Look): void {
  for (const name of names) if (FORBIDDEN_CALL.test(name)) faults.push(`the call ${name}`)
}

function strings(nodes: unknown): string[] {
  return ((nodes ?? []) as { String?: { sval?: string } }[]).flatMap((node) => node.String?.sval ?? [])
}

/** The very subselect through which somebody of tenant 1 reads a relation: its columns, its condition, its fence. */
function isOwnSubselect(value: Record<string, unknown>): boolean {
  const from = value.fromClause as
    | { RangeVar?: { schemaname?: string; relname?: string; alias?: unknown } }[]
    | undefined
  const relation = from?.[0]?.RangeVar
  if (from?.length !== 1 || relation?.schemaname !== 'public' || !REPLACED.has(relation.relname ?? '')) return false
  if (relation.alias !== undefined || !JSON.stringify(value.limitOffset)?.includes('"A_Const":{"ival":{}}'))
    return false
  const targets = JSON.stringify(value.targetList)
  const isMasked = relation.relname !== 'customers' || targets.includes('***')
  const isScoped = JSON.stringify(value.whereClause) === SCOPE
  return isScoped && isMasked && !targets.includes('ssn') && value.withClause === undefined
}

/** `tenant_id = 1` as the parser has it, without positions. */
const SCOPE =
  '{"A_Expr":{"kind":"AEXPR_OP","name":[{"String":{"sval":"="}}],"lexpr":{"ColumnRef":{"fields":[{"String":{"sval":"tenant_id"}}]}},"rexpr":{"A_Const":{"ival":{"ival":1}}}}}'
