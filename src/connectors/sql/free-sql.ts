import type { SqlValue, Statement } from './database.ts'
import type { Table } from './database-schema.ts'

/** Statements that a caller writes, held by the engine's own means. */
export interface FreeSql {
  /** Reads what the guard needs of the catalogue; called at start and after every change of the schema. */
  prepare(exposed: readonly Table[], signal: AbortSignal): Promise<void>
  /**
   * Tables whose row rules the database itself enforces for this login under an identity. Those with rules that are not
   * among them cannot be used in free SQL.
   */
  enforcesRows(table: Table): boolean
  /** What is run in place of what the caller wrote. Throws `UserError` with a sentence that helps. */
  guard(sql: string, view: readonly TableView[], withheld: readonly WithheldTable[]): Statement
  /** Where the engine can tell what a statement costs before it runs. */
  readonly estimate?: {
    /** The statement that answers the plan. */
    toStatement(statement: Statement): Statement
    /** The cost in such an answer; undefined for one that says none, such as that of EXPLAIN itself. */
    readCost(rows: readonly (readonly SqlValue[])[]): number | undefined
  }
}

/** A table that exists for a caller, but not in free SQL. */
export interface WithheldTable {
  readonly table: Table
  /** A sentence that says why, and what to use instead. */
  readonly reason: string
}

/** A table as one caller sees it. */
export interface TableView {
  readonly table: Table
  /** Names of the columns that exist for the caller, in order. */
  readonly columns: readonly string[]
  /** What stands for a column whose values are masked: an expression over the column; by name. */
  readonly masks: Readonly<Record<string, string>>
  /** What every row that exists for the caller fulfils, its values written as constants; absent when all do. */
  readonly where?: string
}
