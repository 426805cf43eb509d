import { ToolgateError } from '../../errors.ts'
import { nearestSpelling } from '../../nearest-spelling.ts'
import { type Column, type DatabaseSchema, qualifiedName, type Table } from './database-schema.ts'
import type { ColumnOptions, RowRuleOptions, SqlOptions, TableOptions } from './options.ts'

/** A table that is offered, and what the configuration says of it. */
export interface ExposedTable {
  /** `schema.table`, as callers name it. */
  readonly name: string
  readonly table: Table
  readonly description: string | undefined
  readonly roles: readonly string[] | undefined
  readonly columns: readonly ExposedColumn[]
  readonly rows: readonly RowRuleOptions[] | undefined
  /** Goes into its masks; never shown. */
  readonly maskKey: string
}

export interface ExposedColumn {
  readonly column: Column
  /** Absent when everybody sees it as it is. */
  readonly rule?: ColumnOptions
}

/** What is offered of a database, and what of the configuration it has no counterpart for. */
export interface Exposure {
  readonly tables: readonly ExposedTable[]
  /** A sentence for each table and column that does not exist. */
  readonly mistakes: readonly string[]
}

/**
 * Brings together what the configuration exposes and what the database holds. A table of which a column is missing that a
 * rule goes by is not offered: a rule that protects nothing would look like one that protects.
 */
export function exposeTables(
  options: Pick<SqlOptions, 'tables'> & { readonly maskKey: string },
  schema: DatabaseSchema,
): Exposure {
  const byName = new Map(schema.tables.map((table) => [qualifiedName(table), table]))
  const mistakes: string[] = []
  const tables = Object.entries(options.tables).flatMap(([name, tableOptions]) => {
    const table = byName.get(name) ?? onlyOneNamed(name, schema.tables)
    if (table === undefined) {
      mistakes.push(`there is no table ${name}${suggest(name, [...byName.keys()])}`)
      return []
    }
    const missing = missingColumns(tableOptions, table)
    mistakes.push(...missing)
    return missing.length === 0 ? [expose(tableOptions, table, options.maskKey)] : []
  })
  return { tables, mistakes }
}

function onlyOneNamed(name: string, tables: readonly Table[]): Table | undefined {
  const named = tables.filter((table) => table.name === name)
  return named.length === 1 ? named[0] : undefined
}

function expose(options: TableOptions, table: Table, maskKey: string): ExposedTable {
  return {
    name: qualifiedName(table),
    table,
    description: options.description ?? table.comment,
    roles: options.roles,
    columns: table.columns.map((column) => {
      const rule = Object.hasOwn(options.columns, column.name) ? options.columns[column.name] : undefined
      return rule === undefined ? { column } : { column, rule }
    }),
    rows: options.rows,
    maskKey,
  }
}

function missingColumns(options: TableOptions, table: Table): readonly string[] {
  const known = table.columns.map(({ name }) => name)
  const ruled = (options.rows ?? []).flatMap(({ where }) => (where === 'all' ? [] : Object.keys(where)))
  const missing = [...Object.keys(options.columns), ...ruled].filter((name) => !known.includes(name))
  return missing.map((name) => `${qualifiedName(table)} has no column ${name}${suggest(name, known)}`)
}

function suggest(name: string, candidates: readonly string[]): string {
  const nearest = nearestSpelling(name, candidates)
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`
}

/** The mistakes as one failure. */
export function mismatch(mistakes: readonly string[]): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The configuration does not fit the database: ${mistakes.join('; ')}.`,
    hint: 'Correct the names under `tables`, or grant the login the right to see them.',
  })
}
