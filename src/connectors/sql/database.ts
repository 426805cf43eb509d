import type { DatabaseSchema, TypeFamily } from './database-schema.ts'
import type { Dialect, SqlParameter } from './dialect.ts'
import type { FreeSql } from './free-sql.ts'
import type { PrivilegeReport } from './privilege-report.ts'

/**
 * A database as the connector sees it: one login, a pool of sessions. `sqlDatabaseSuite` in toolgate/testkit is the
 * contract as tests. Rejections are `ToolgateError` or `SqlFailure`; no text of the engine reaches a caller unchecked.
 */
export interface SqlDatabase {
  readonly dialect: Dialect
  /** Reaches the server once and reads what it is. Rejects with `CONNECTOR_FAILED` saying what to do. Called once. */
  connect(signal: AbortSignal): Promise<void>
  /** What the login can see of the named schemas; all but the engine's own if none is named. */
  readSchema(schemas: readonly string[] | undefined, signal: AbortSignal): Promise<DatabaseSchema>
  /**
   * Runs one statement in a session that nothing of an earlier caller is left in, and leaves nothing in it. Stops
   * reading at the budget. When the signal fires, the statement is cancelled in the server before this rejects.
   */
  execute(statement: Statement, options: ExecuteOptions): Promise<SqlResult>
  /** What this login can do that it should not. */
  readPrivileges(exposed: readonly ExposedName[], signal: AbortSignal): Promise<PrivilegeReport>
  /** Statements that a caller writes. Absent where the engine offers no way to hold them. */
  readonly freeSql?: FreeSql
  /** Ends every session; statements under way are cancelled. Idempotent; also after a failed `connect`. */
  close(): Promise<void>
}

/** A table that is offered, by its names in the database. */
export interface ExposedName {
  readonly schema: string
  readonly name: string
}

/** One statement and what is bound to it, in the order of its placeholders. */
export interface Statement {
  readonly text: string
  readonly parameters: readonly SqlParameter[]
  /** A caller wrote it and a guard read it: the session must read names just as the guard did. */
  readonly isGuarded?: boolean
  /** What it reads from, where the engine's free SQL is held by views. */
  readonly scope?: ViewScope
}

/** Views made for one statement, in a session that ends with it; no other table has a name there. */
export interface ViewScope {
  /** Nobody can guess it; the queries of the views name the database so. */
  readonly schema: string
  readonly views: readonly { readonly name: string; readonly query: string }[]
}

export interface ExecuteOptions {
  readonly signal: AbortSignal
  /** `read`: in a transaction that cannot write, rolled back. `write`: committed when it succeeds. */
  readonly access: 'read' | 'write'
  /** `cheap` statements have a lane of their own, so that they never wait behind slow ones. */
  readonly lane: 'cheap' | 'ordinary'
  readonly budget: Budget
  /** Whom it is for: settings of the session that row security of the database can go by. */
  readonly identity: SqlIdentity
}

/** What a statement may take. */
export interface Budget {
  readonly maxRows: number
  /** Of the answer, as JSON. */
  readonly maxBytes: number
  readonly timeoutMs: number
}

/** What a session is told of the caller; a caller can change neither. */
export interface SqlIdentity {
  /** Role to take on, if the configuration names one. */
  readonly role?: string
  /** Setting by name: `app.tenant` → `acme`. */
  readonly settings: Readonly<Record<string, string>>
}

/** No identity: for the statements of the connector itself. */
export const NO_IDENTITY: SqlIdentity = { settings: {} }

/** A value as JSON; see `TypeFamily`. NaN and the infinities are the strings `NaN`, `Infinity`, `-Infinity`. */
export type SqlValue = string | number | boolean | null | readonly SqlValue[] | { readonly [name: string]: SqlValue }

export interface ResultColumn {
  /** As the engine says; two may have the same. */
  readonly name: string
  readonly type: string
  readonly family: TypeFamily
}

export interface SqlResult {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** What the budget cut; absent when this is all. A single value larger than the budget is cut too. */
  readonly truncated?: 'rows' | 'bytes'
  /** Rows that a statement which writes has changed. */
  readonly changed?: number
}
