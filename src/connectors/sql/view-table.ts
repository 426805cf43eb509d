import type { Caller } from '../../capabilities/call-context.ts'
import { UserError } from '../../errors.ts'
import type { Column } from './database-schema.ts'
import type { Mask, SqlParameter } from './dialect.ts'
import type { ExposedColumn, ExposedTable } from './exposure.ts'
import type { RowRuleOptions, RowValue } from './options.ts'

/** A table as one caller sees it, not yet written in any dialect. */
export interface CallerView {
  readonly exposed: ExposedTable
  readonly columns: readonly ViewColumn[]
  /** What any of them lets through is seen: each is values that columns have. `all` when every row is seen. */
  readonly rows: 'all' | readonly RowCondition[]
}

export interface ViewColumn {
  readonly column: Column
  /** A masked column can be shown so, but neither filtered nor ordered by: either would tell what it holds. */
  readonly mask?: Mask
}

export type RowCondition = readonly { readonly column: Column; readonly value: SqlParameter }[]

/** Whether a table exists for a caller. */
export function isVisible({ roles }: Pick<ExposedTable, 'roles'>, caller: Caller): boolean {
  return roles === undefined || roles.some((role) => caller.roles.includes(role))
}

/**
 * What of a table a caller sees. Nothing that a caller sends is looked at, so no argument can widen it. Throws
 * `UserError` when the rules go by something of the caller that it has not, or when none is for it: an empty answer
 * would look like an empty table.
 */
export function viewTable(exposed: ExposedTable, caller: Caller): CallerView {
  return { exposed, columns: viewColumns(exposed, caller), rows: rowsOf(exposed, caller) }
}

/** The columns that exist for a caller, in order. */
export function viewColumns(exposed: ExposedTable, caller: Caller): readonly ViewColumn[] {
  return exposed.columns.flatMap((column) => viewColumn(column, exposed.maskKey, caller))
}

function viewColumn({ column, rule }: ExposedColumn, maskKey: string, caller: Caller): readonly ViewColumn[] {
  if (rule === undefined || rule.except.some((role) => caller.roles.includes(role))) return [{ column }]
  return rule.show === 'hide' ? [] : [{ column, mask: { kind: rule.show, key: maskKey } }]
}

function rowsOf(exposed: ExposedTable, caller: Caller): CallerView['rows'] {
  if (exposed.rows === undefined) return 'all'
  const rules = exposed.rows.filter(
    ({ roles }) => roles === undefined || roles.some((role) => caller.roles.includes(role)),
  )
  if (rules.some(({ where }) => where === 'all')) return 'all'
  const missing = new Set<string>()
  const conditions = rules.flatMap((rule) => conditionOf(rule, { exposed, caller, missing }) ?? [])
  if (conditions.length > 0) return conditions
  const why =
    missing.size > 0
      ? `you are known without ${[...missing].join(', ')}, by which its rows are told apart`
      : 'no rule about its rows is for you'
  throw new UserError(`You may see no row of ${exposed.name}: ${why}. Ask the owner of this server.`)
}

interface RuleContext {
  readonly exposed: ExposedTable
  readonly caller: Caller
  readonly missing: Set<string>
}

function conditionOf({ where }: RowRuleOptions, context: RuleContext): readonly RowCondition[] | undefined {
  if (where === 'all') return undefined
  const { exposed, caller, missing } = context
  const parts = Object.entries(where).map(([name, wanted]) => {
    const value = wantedValue(wanted, caller)
    if (value === undefined) missing.add('caller' in wanted ? wanted.caller : name)
    // Exposing has made sure that the column exists.
    const column = exposed.columns.find((candidate) => candidate.column.name === name)?.column as Column
    return { column, value }
  })
  const whole = parts.flatMap(({ column, value }) => (value === undefined ? [] : [{ column, value }]))
  return whole.length === parts.length ? [whole] : undefined
}

function wantedValue(wanted: RowValue, caller: Caller): SqlParameter | undefined {
  return 'value' in wanted ? wanted.value : callerValue(wanted.caller, caller)
}

const CLAIM = 'claims.'

/** `tenant`, `id`, `name` or `claims.<name>` of a caller; undefined where it has none, or one that is no single value. */
export function callerValue(path: string, caller: Caller): string | number | boolean | undefined {
  if (path === 'tenant' || path === 'id' || path === 'name') return caller[path]
  const name = path.startsWith(CLAIM) ? path.slice(CLAIM.length) : undefined
  if (name === undefined || caller.claims === undefined || !Object.hasOwn(caller.claims, name)) return undefined
  const claim = caller.claims[name]
  return typeof claim === 'object' ? undefined : claim
}
