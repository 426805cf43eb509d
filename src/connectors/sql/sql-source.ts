import type { Caller } from '../../capabilities/call-context.ts'
import { UserError } from '../../errors.ts'
import { nearestSpelling } from '../../nearest-spelling.ts'
import type { Dialect } from './dialect.ts'
import type { ExposedTable } from './exposure.ts'
import type { SqlSession } from './sql-session.ts'
import { type CallerView, isVisible, viewTable } from './view-table.ts'

/** What the tools and resources of one connector stand on: the tables that are offered now, and how to ask for them. */
export interface SqlSource {
  /** Name of the connector. */
  readonly name: string
  readonly dialect: Dialect
  /** Whether tables lie in schemas; they do not in SQLite. */
  readonly hasSchemas: boolean
  readonly tables: readonly ExposedTable[]
  readonly session: SqlSession
  readonly maxRows: number
}

/** The schema in URIs of an engine without schemas. */
export const NO_SCHEMA = 'main'

/** The tables that exist for a caller. */
export function visibleTables({ tables }: SqlSource, caller: Caller): readonly ExposedTable[] {
  return tables.filter((exposed) => isVisible(exposed, caller))
}

/**
 * A table by `schema.table`, or by its name alone where only one is called so. Throws `UserError`: the same for one that
 * is not there, not exposed or not for this caller.
 */
export function findTable(source: SqlSource, name: string, caller: Caller): ExposedTable {
  const visible = visibleTables(source, caller)
  const exact = visible.find((exposed) => exposed.name === name)
  if (exact !== undefined) return exact
  const named = visible.filter(({ table }) => table.name === name)
  if (named.length === 1 && named[0] !== undefined) return named[0]
  const names = visible.map((exposed) => exposed.name)
  const nearest = nearestSpelling(name, names)
  const hint =
    nearest === undefined ? `There are: ${names.slice(0, 50).join(', ') || 'none'}.` : `Did you mean ${nearest}?`
  throw new UserError(`There is no table ${JSON.stringify(name.slice(0, 128))}. ${hint}`)
}

/** A table as the caller sees it; throws `UserError` as `findTable` and `viewTable` do. */
export function findView(source: SqlSource, name: string, caller: Caller): CallerView {
  return viewTable(findTable(source, name, caller), caller)
}
