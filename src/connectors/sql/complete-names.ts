import type { CallContext } from '../../capabilities/call-context.ts'
import type { Completer } from '../../capabilities/definition.ts'
import { UserError } from '../../errors.ts'
import { Parameters, writeRowRule, writeWhere } from './select-statement.ts'
import { findTable, NO_SCHEMA, type SqlSource, visibleTables } from './sql-source.ts'
import { type CallerView, viewTable } from './view-table.ts'

const MAX_VALUES = 100

/** Schemas that hold a table which exists for the caller. */
export function completeSchemas(source: () => SqlSource): Completer {
  return (typed, { caller }) => {
    const schemas = visibleTables(source(), caller).map(({ table }) => table.schema || NO_SCHEMA)
    return beginning(typed, [...new Set(schemas)])
  }
}

/** Tables that exist for the caller, of the schema that was filled in before. */
export function completeTables(source: () => SqlSource): Completer {
  return (typed, { caller, arguments: { schema } }) => {
    const tables = visibleTables(source(), caller).map(({ table }) => table)
    const inSchema = tables.filter((table) => schema === undefined || (table.schema || NO_SCHEMA) === schema)
    return beginning(
      typed,
      inSchema.map(({ name }) => name),
    )
  }
}

/** Keys of rows that the caller may see; of tables whose key is one column that is shown as it is. */
export function completeKeys(source: () => SqlSource): Completer {
  return async (typed, context) => {
    const { schema, table } = context.arguments
    if (table === undefined) return []
    const current = source()
    const name = schema === undefined || (schema === NO_SCHEMA && !current.hasSchemas) ? table : `${schema}.${table}`
    try {
      const view = viewTable(findTable(current, name, context.caller), context.caller)
      return beginning(typed, await readKeys(current, view, { typed, context }))
    } catch (thrown) {
      // There is nothing to complete for a table that does not exist for the caller.
      if (thrown instanceof UserError) return []
      throw thrown
    }
  }
}

async function readKeys(
  { dialect, session }: SqlSource,
  view: CallerView,
  { typed, context }: { readonly typed: string; readonly context: CallContext },
): Promise<readonly string[]> {
  const { key } = view.exposed.table
  const column = view.columns.find(
    ({ column: candidate, mask }) => mask === undefined && candidate.name === key[0],
  )?.column
  if (key.length !== 1 || column === undefined) return []
  const parameters = new Parameters(dialect)
  const quoted = dialect.quote(column.name)
  const isFrom = typed !== '' && (column.family === 'text' || (isWhole(column.family) && /^\d{1,18}$/.test(typed)))
  const where = writeWhere([
    writeRowRule(dialect, view, parameters),
    isFrom ? `${quoted} >= ${parameters.bind(typed, column)}` : undefined,
  ])
  const order = dialect.orderBy(quoted, 'asc', column)
  const text = `SELECT ${quoted} FROM ${dialect.from(view.exposed.table)}${where} ORDER BY ${order} ${dialect.limit(MAX_VALUES, 0)}`
  const { rows } = await session.run({ text, parameters: parameters.values }, context, {
    maxRows: MAX_VALUES,
    lane: 'cheap',
  })
  return rows.map(([value]) => String(value))
}

function isWhole(family: string): boolean {
  return family === 'integer' || family === 'bigint'
}

function beginning(typed: string, values: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase()
  return values
    .filter((value) => value.toLowerCase().startsWith(wanted))
    .sort()
    .slice(0, MAX_VALUES)
}
