import type { Caller } from '../../capabilities/call-context.ts'
import { defineTool, type ToolDefinition } from '../../capabilities/definition.ts'
import { UserError } from '../../errors.ts'
import type { ExposedTable } from './exposure.ts'
import type { FreeSql, TableView, WithheldTable } from './free-sql.ts'
import type { FreeSqlOptions } from './options.ts'
import { writeRowRuleLiteral } from './select-statement.ts'
import { type SqlSource, visibleTables } from './sql-source.ts'
import { type CallerView, viewTable } from './view-table.ts'
import { ROWS_OUTPUT, toRowsAnswer, toToolResult } from './write-result.ts'

/** The tool for SQL that a caller writes. What it may touch is decided by the guard of the engine, for each caller. */
export function freeSqlTool(source: () => SqlSource, freeSql: FreeSql, options: FreeSqlOptions): ToolDefinition {
  const { name, dialect } = source()
  return defineTool({
    name: 'query',
    description: `Runs one read-only SQL statement (${dialect.name}) over the tables of ${name} that \`search_schema\` lists.`,
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: {
      type: 'object',
      properties: {
        sql: {
          type: 'string',
          minLength: 1,
          maxLength: options.maxLength,
          description: 'One SELECT, without a semicolon behind it.',
        },
        limit: { type: 'integer', minimum: 1, maximum: source().maxRows, description: 'Rows of the answer.' },
      },
      required: ['sql'],
      additionalProperties: false,
    },
    output: ROWS_OUTPUT,
    async run(input, context) {
      const current = source()
      const { sql, limit = current.maxRows } = input as { sql: string; limit?: number }
      const { views, withheld } = sortTables(current, freeSql, context.caller)
      const statement = freeSql.guard(sql, views, withheld)
      await refuseCostly({ statement, freeSql, options, current, context })
      return toToolResult(toRowsAnswer(await current.session.run(statement, context, { maxRows: limit })))
    },
  })
}

/** The tables that the caller may use, and why it may not use the others that exist for it. */
function sortTables(
  current: SqlSource,
  freeSql: FreeSql,
  caller: Caller,
): { readonly views: readonly TableView[]; readonly withheld: readonly WithheldTable[] } {
  const views: TableView[] = []
  const withheld: WithheldTable[] = []
  for (const exposed of visibleTables(current, caller)) {
    const { table, name } = exposed
    const view = viewOrReason(exposed, caller)
    if (typeof view === 'string') withheld.push({ table, reason: view })
    else if (view.rows === 'all' || freeSql.enforcesRows(table)) views.push(toTableView(current, view))
    else
      withheld.push({
        table,
        reason: `You may see some rows of ${name} alone, and its database cannot hold free SQL to them. Use find or count.`,
      })
  }
  return { views, withheld }
}

function viewOrReason(exposed: ExposedTable, caller: Caller): CallerView | string {
  try {
    return viewTable(exposed, caller)
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown.message
    throw thrown
  }
}

function toTableView({ dialect }: SqlSource, view: CallerView): TableView {
  const where = writeRowRuleLiteral(dialect, view)
  const masked = view.columns.flatMap(({ column, mask }) =>
    mask === undefined ? [] : [[column.name, dialect.mask(mask, dialect.quote(column.name), column)] as const],
  )
  return {
    table: view.exposed.table,
    columns: view.columns.map(({ column }) => column.name),
    masks: Object.fromEntries(masked),
    ...(where === undefined ? {} : { where }),
  }
}

interface Costing {
  readonly statement: Parameters<SqlSource['session']['run']>[0]
  readonly freeSql: FreeSql
  readonly options: FreeSqlOptions
  readonly current: SqlSource
  readonly context: Parameters<SqlSource['session']['run']>[1]
}

/** The plan's cost, as the engine estimates it, is looked at before anything is executed. */
async function refuseCostly({ statement, freeSql, options, current, context }: Costing): Promise<void> {
  if (options.maxCost === undefined || freeSql.estimate === undefined) return
  const { rows } = await current.session.run(freeSql.estimate.toStatement(statement), context, { lane: 'cheap' })
  const cost = freeSql.estimate.readCost(rows)
  if (cost === undefined || cost <= options.maxCost) return
  throw new UserError(
    `The database estimates that this costs ${Math.round(cost)}, and ${options.maxCost} is allowed. Narrow it: filter by an indexed column, or join less.`,
  )
}
