import type { Caller } from '../../capabilities/call-context.ts'
import { type Column, type ForeignKey, qualifiedName } from './database-schema.ts'
import type { ExposedTable } from './exposure.ts'
import { type SqlSource, visibleTables } from './sql-source.ts'
import { viewColumns } from './view-table.ts'

/** What a caller is told of a table. */
export interface TableDescription {
  readonly table: string
  readonly kind: 'table' | 'view'
  readonly description?: string
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly nullable: boolean
    readonly comment?: string
    readonly values?: readonly string[]
    /** How its values are masked for this caller. */
    readonly masked?: string
  }[]
  readonly key: readonly string[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Of the whole table, as the database estimates it; absent where a caller sees some of the rows alone. */
  readonly estimatedRows?: number
}

/** A table without what is hidden from the caller; keys over hidden columns and into hidden tables are left out as well. */
export function describeTable(source: SqlSource, exposed: ExposedTable, caller: Caller): TableDescription {
  const { table, rows, description } = exposed
  const columns = viewColumns(exposed, caller)
  const tables = new Set(visibleTables(source, caller).map(({ name }) => name))
  const isShown = (name: string): boolean => columns.some(({ column }) => column.name === name)
  return {
    table: exposed.name,
    kind: table.kind,
    ...(description === undefined ? {} : { description }),
    columns: columns.map(({ column, mask }) => ({
      ...describeColumn(column),
      ...(mask === undefined ? {} : { masked: mask.kind }),
    })),
    key: table.key.every(isShown) ? table.key : [],
    foreignKeys: table.foreignKeys.filter((key) => key.columns.every(isShown) && tables.has(referenced(key))),
    ...(table.estimatedRows === undefined || rows !== undefined ? {} : { estimatedRows: table.estimatedRows }),
  }
}

function referenced({ references: { schema, table: name } }: ForeignKey): string {
  return qualifiedName({ schema, name })
}

function describeColumn({ name, type, isNullable, comment, values }: Column): TableDescription['columns'][number] {
  return {
    name,
    type,
    nullable: isNullable,
    ...(comment === undefined ? {} : { comment }),
    ...(values === undefined ? {} : { values }),
  }
}
