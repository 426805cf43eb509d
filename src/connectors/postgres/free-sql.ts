import { UserError } from '../../errors.ts'
import type { SqlResult, SqlValue, Statement } from '../sql/database.ts'
import { qualifiedName, type Table } from '../sql/database-schema.ts'
import type { FreeSql, TableView, WithheldTable } from '../sql/free-sql.ts'
import { allowFunctions, type FunctionRules } from './guard/allow-functions.ts'
import { type CatalogFunction, FUNCTION_CATALOG_SQL } from './guard/function-catalog.ts'
import { type GuardQuery, loadGuard, type RefusedQuery } from './guard/guard-query.ts'
import { exposeRelations, type GuardRules, type QualifiedName, type RelationRule } from './guard/guard-rules.ts'
import { quoteText } from './postgres-dialect.ts'
import type { ReadCatalogue } from './read-schema.ts'

/** What free SQL goes by. */
export interface FreeSqlSettings {
  /** Functions that may be called, as `schema.name`. */
  readonly functions: readonly string[]
  /** Schemas in which callers' names without one are looked for. */
  readonly schemas: readonly string[]
  /** Whether sessions are told who the caller is, so that row-level security can tell callers apart. */
  readonly hasIdentity: boolean
}

/** Read together, and replaced together. */
interface Prepared {
  readonly guardQuery: GuardQuery
  readonly functions: FunctionRules
  readonly types: readonly QualifiedName[]
  readonly secured: ReadonlySet<string>
}

/** Free SQL, held by the server's own grammar and by its catalogue. */
export function createFreeSql(read: ReadCatalogue, settings: FreeSqlSettings): FreeSql {
  let prepared: Prepared | undefined
  const unplanned = new WeakSet<Statement>()
  return {
    async prepare(exposed, signal) {
      const guardQuery = prepared?.guardQuery ?? (await loadGuard())
      prepared = { guardQuery, ...(await readRules(read, { exposed, functions: settings.functions }, signal)) }
    },
    enforcesRows: (table) => settings.hasIdentity && prepared?.secured.has(qualifiedName(table)) === true,
    guard(sql, view, withheld) {
      if (prepared === undefined) throw new UserError('Free SQL is not ready yet. Try again in a moment.')
      const verdict = prepared.guardQuery(sql, writeRules(prepared, { view, withheld, schemas: settings.schemas }))
      if (verdict.kind === 'refused') throw new UserError(describeRefusal(verdict))
      const statement = { text: verdict.sql, parameters: [], isGuarded: true }
      if (verdict.form === 'explain' || verdict.form === 'show') unplanned.add(statement)
      return statement
    },
    estimate: {
      toStatement: (statement) =>
        unplanned.has(statement) ? statement : { ...statement, text: `EXPLAIN (FORMAT JSON) ${statement.text}` },
      readCost,
    },
  }
}

interface RulesQuestion {
  readonly exposed: readonly Table[]
  readonly functions: readonly string[]
}

async function readRules(
  read: ReadCatalogue,
  { exposed, functions }: RulesQuestion,
  signal: AbortSignal,
): Promise<Omit<Prepared, 'guardQuery'>> {
  const catalog = toObjects<CatalogFunction>(await read(FUNCTION_CATALOG_SQL, signal))
  const tables = exposed.map(({ schema, name }) => `(${quoteText(schema)}, ${quoteText(name)})`).join(', ')
  const isExposed = tables === '' ? 'false' : `(n.nspname, c.relname) IN (${tables})`
  const types = toObjects<QualifiedName>(await read(writeTypesQuery(isExposed), signal))
  const secured = await read(
    `SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE ${isExposed} AND row_security_active(c.oid)`,
    signal,
  )
  return {
    functions: allowFunctions(catalog, functions.map(toName)),
    types,
    secured: new Set(secured.rows.map(([name]) => String(name))),
  }
}

/** Enums and domains of the columns of what is exposed. */
function writeTypesQuery(isExposed: string): string {
  return `SELECT DISTINCT tn.nspname::text AS "schema", t.typname::text AS "name"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
    WHERE ${isExposed} AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype IN ('e', 'd') AND tn.nspname <> 'pg_catalog'`
}

function toObjects<T>({ columns, rows }: SqlResult): readonly T[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])) as T)
}

function toName(text: string): QualifiedName {
  const at = text.indexOf('.')
  return at < 0 ? { schema: 'public', name: text } : { schema: text.slice(0, at), name: text.slice(at + 1) }
}

interface CallerRules {
  readonly view: readonly TableView[]
  readonly withheld: readonly WithheldTable[]
  readonly schemas: readonly string[]
}

function writeRules({ functions, types }: Prepared, { view, withheld, schemas }: CallerRules): GuardRules {
  return {
    relations: exposeRelations(view.map(toRelationRule), schemas),
    functions,
    types,
    withheld: withheld.map(({ table: { schema, name }, reason }) => ({ schema, name, reason })),
  }
}

function toRelationRule({ table, columns, masks, where }: TableView): RelationRule {
  return {
    schema: table.schema,
    name: table.name,
    columns: columns.map((name) => {
      const mask = Object.hasOwn(masks, name) ? masks[name] : undefined
      return mask === undefined ? { name } : { name, mask }
    }),
    isWhole: columns.length === table.columns.length,
    ...(where !== undefined && { where }),
  }
}

/** The reason itself says what was meant. */
function describeRefusal({ reason, position }: RefusedQuery): string {
  return position === undefined ? reason : `${reason} (at character ${position})`
}

function readCost(rows: readonly (readonly SqlValue[])[]): number | undefined {
  const plan = rows[0]?.[0]
  const cost = Array.isArray(plan) ? plan[0]?.Plan?.['Total Cost'] : undefined
  return typeof cost === 'number' ? cost : undefined
}
