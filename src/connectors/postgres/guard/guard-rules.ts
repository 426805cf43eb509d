import type { FunctionRules } from './allow-functions.ts'

/** What free SQL may reach. Everything that is not named here is refused. */
export interface GuardRules {
  readonly relations: ExposedRelations
  readonly functions: FunctionRules
  /** Relations the caller may know of and not use here, each with a sentence that says why and what to use instead. */
  readonly withheld?: readonly (QualifiedName & { readonly reason: string })[]
  /** Types outside pg_catalog that may be named in a cast: enums and domains of exposed columns. */
  readonly types: readonly QualifiedName[]
  /** How many parameters the caller binds: `$1` to this number may be used. 0 by default. */
  readonly parameterCount?: number
  /** Longest statement in bytes of UTF-8. 100,000 by default. */
  readonly maxBytes?: number
  /** Whether EXPLAIN is answered; never with ANALYZE, nor for relations with a row condition. True by default. */
  readonly allowsExplain?: boolean
}

/** A name with its schema; both exactly as the catalogue has them, not folded. */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** One table or view that is exposed, and how. */
export interface RelationRule extends QualifiedName {
  /** Every column that may be seen, in the order `SELECT *` shall give. Columns that are not listed do not exist. */
  readonly columns: readonly ColumnRule[]
  /**
   * True when the columns listed are all there are, so that the relation may be read as it is. Otherwise it is read
   * through a subselect of the listed columns, also when the table gets a new one.
   */
  readonly isWhole: boolean
  /**
   * A condition each row must meet, as SQL text over the relation's own columns. It is trusted: constants are already
   * literals in it, or parameters above `parameterCount`. Names in it must be qualified, or be of pg_catalog.
   */
  readonly where?: string
  /**
   * Keeps the caller's own conditions from being evaluated on rows that `where` excludes (`OFFSET 0`). True by default;
   * false where row-level security of the database holds the rows as well, which lets the planner use more indexes.
   */
  readonly isFenced?: boolean
}

/** One column that may be seen. */
export interface ColumnRule {
  readonly name: string
  /** What is given instead of its value, as trusted SQL text over the relation's columns. */
  readonly mask?: string
}

/** The exposed relations, made once by `exposeRelations`. */
export interface ExposedRelations {
  readonly rules: readonly RelationRule[]
  /** Where a name without a schema is looked for, in this order. */
  readonly defaultSchemas: readonly string[]
  readonly bySchema: ReadonlyMap<string, ReadonlyMap<string, RelationRule>>
  /** Of all of them. */
  readonly columnNames: ReadonlySet<string>
}

/** Indexes rules by schema and name. A later rule of the same relation replaces an earlier one. */
export function exposeRelations(rules: readonly RelationRule[], defaultSchemas: readonly string[]): ExposedRelations {
  const bySchema = new Map<string, Map<string, RelationRule>>()
  for (const rule of rules) {
    const names = bySchema.get(rule.schema) ?? new Map<string, RelationRule>()
    names.set(rule.name, rule)
    bySchema.set(rule.schema, names)
  }
  const columnNames = new Set(rules.flatMap(({ columns }) => columns.map(({ name }) => name)))
  return { rules, defaultSchemas, bySchema, columnNames }
}

/** Whether the relation is read through a subselect. */
export function isReplaced(rule: RelationRule): boolean {
  return !rule.isWhole || rule.where !== undefined || rule.columns.some(({ mask }) => mask !== undefined)
}

/**
 * What the session must have set, so that the server reads a statement as the guard did: no name without a schema but
 * those of pg_catalog, operators above all, and backslashes in plain literals meaning themselves.
 */
export const GUARDED_SESSION: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog, pg_temp',
  standard_conforming_strings: 'on',
  client_encoding: 'UTF8',
}
