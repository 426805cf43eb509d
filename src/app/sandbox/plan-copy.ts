import { type Column, type ForeignKey, qualifiedName } from '../../connectors/sql/database-schema.ts'
import type { ExposedTable } from '../../connectors/sql/exposure.ts'

/** What of one table goes into the copy, and how. */
export interface TablePlan {
  readonly exposed: ExposedTable
  readonly columns: readonly ColumnPlan[]
  /** Those that lead to tables of the copy. */
  readonly foreignKeys: readonly ForeignKey[]
  /** Columns by whose values callers see rows: tenants, say. */
  readonly scopedBy: readonly string[]
}

export interface ColumnPlan {
  readonly column: Column
  /**
   * `copy`: as it is, without the personal data that is found in it. `pseudonym`: a made-up value, the same for the same
   * value. `invent`: never read; NULL, or a value made up for each row.
   */
  readonly how: 'copy' | 'pseudonym' | 'invent'
  /** Whether rows are found by it: it is then made up whole or not at all. */
  readonly isKey: boolean
}

/** What is copied of the tables that are exposed. What a rule hides or masks in one column is made up in those that refer to it, too. */
export function planCopy(tables: readonly ExposedTable[]): readonly TablePlan[] {
  const names = new Set(tables.map(({ name }) => name))
  const ruled = spreadRules(tables, names)
  return tables.map((exposed) => {
    const { table } = exposed
    const known = new Set(table.columns.map(({ name }) => name))
    const foreignKeys = table.foreignKeys.filter(
      ({ columns, references }) =>
        names.has(qualifiedName({ schema: references.schema, name: references.table })) &&
        columns.every((name) => known.has(name)),
    )
    const keys = new Set([
      ...table.key,
      ...foreignKeys.flatMap(({ columns }) => columns),
      ...referredTo(tables, exposed),
    ])
    const columns = exposed.columns.map(({ column, rule }): ColumnPlan => {
      const isKey = keys.has(column.name)
      if (isKey && ruled.has(place(exposed.name, column.name))) return { column, isKey, how: 'pseudonym' }
      if (rule === undefined) return { column, isKey, how: 'copy' }
      return { column, isKey, how: rule.show === 'hide' || rule.show === 'null' ? 'invent' : 'pseudonym' }
    })
    const scopedBy = (exposed.rows ?? []).flatMap(({ where }) => (where === 'all' ? [] : Object.keys(where)))
    return { exposed, columns, foreignKeys, scopedBy: [...new Set(scopedBy)] }
  })
}

/** Columns that are made up: those with a rule, and those that refer to one or are referred to by one. */
function spreadRules(tables: readonly ExposedTable[], names: ReadonlySet<string>): ReadonlySet<string> {
  const ruled = new Set<string>()
  for (const { name, columns } of tables)
    for (const { column, rule } of columns) if (rule !== undefined) ruled.add(place(name, column.name))
  const links = tables.flatMap(({ name, table }) =>
    table.foreignKeys.flatMap(({ columns, references }) => {
      const parent = qualifiedName({ schema: references.schema, name: references.table })
      if (!names.has(parent)) return []
      return columns.map((column, at) => [place(name, column), place(parent, references.columns[at] ?? '')] as const)
    }),
  )
  for (let before = -1; before !== ruled.size; ) {
    before = ruled.size
    for (const [child, parent] of links) {
      if (ruled.has(child)) ruled.add(parent)
      if (ruled.has(parent)) ruled.add(child)
    }
  }
  return ruled
}

function referredTo(tables: readonly ExposedTable[], { table }: ExposedTable): readonly string[] {
  return tables.flatMap(({ table: other }) =>
    other.foreignKeys
      .filter(({ references }) => references.schema === table.schema && references.table === table.name)
      .flatMap(({ references }) => references.columns),
  )
}

function place(table: string, column: string): string {
  return JSON.stringify([table, column])
}
