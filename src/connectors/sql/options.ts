import { z } from 'zod'

/** What all connectors over SQL databases have in common in the configuration. */
export interface SqlOptions {
  /** What is exposed: table by `schema.table`, or by its name alone where there are no schemas. */
  readonly tables: Readonly<Record<string, TableOptions>>
  readonly queries: Readonly<Record<string, QueryOptions>>
  readonly find: 'generic' | 'per-table' | 'off'
  readonly resources: boolean
  readonly freeSql: FreeSqlOptions
  readonly budget: BudgetOptions
  readonly allowPrivileged: boolean
  readonly schemaRefreshMs: number
  readonly maskKey?: string
}

/** The same as it may be written. */
export type SqlInput = { readonly [K in keyof SqlOptions]?: unknown }

export interface TableOptions {
  readonly description?: string
  /** Roles of which a caller must have one; absent when every caller may see it who may see the connector's tools. */
  readonly roles?: readonly string[]
  readonly columns: Readonly<Record<string, ColumnOptions>>
  readonly rows?: readonly RowRuleOptions[]
}

export interface ColumnOptions {
  readonly show: 'hide' | 'hash' | 'partial' | 'null'
  readonly except: readonly string[]
}

/** Rows that callers may see. A caller sees what any rule that is for him lets him see; without one, no row. */
export interface RowRuleOptions {
  readonly roles?: readonly string[]
  readonly where: 'all' | Readonly<Record<string, RowValue>>
}

/** A constant, or `caller.tenant`, `caller.id`, `caller.name`, `caller.claims.<name>`. */
export type RowValue = { readonly caller: string } | { readonly value: string | number | boolean }

export interface QueryOptions {
  readonly title?: string
  readonly description: string
  readonly sql: string
  readonly input: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly required?: readonly string[]
  readonly output?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly write: boolean
  readonly destructive: boolean
  readonly idempotent: boolean
  readonly lane: 'cheap' | 'ordinary'
  readonly timeoutMs?: number
  readonly roles?: readonly string[]
}

export interface FreeSqlOptions {
  readonly enabled: boolean
  readonly maxLength: number
  readonly maxCost?: number
  readonly functions: readonly string[]
}

export interface BudgetOptions {
  readonly maxRows: number
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly maxPerCaller: number
}

const IDENTIFIER = z.string().min(1).max(128)
const roles = z.array(z.string().min(1)).min(1)

const column: z.ZodType<ColumnOptions> = z
  .union([
    z.enum(['hide', 'hash', 'partial', 'null']).transform((show) => ({ show, except: [] })),
    z.strictObject({
      show: z.enum(['hide', 'hash', 'partial', 'null']).describe('What other callers see of it.'),
      except: roles.describe('Roles that see it as it is.'),
    }),
  ])
  .describe(
    '`hide`: as if the column did not exist. `hash`: equal values look equal. `partial`: the first and last characters. `null`: nothing. As a map, `except` names roles that see the column as it is.',
  )

const CALLER = /^(tenant|id|name|claims\.[A-Za-z0-9_.:/-]{1,128})$/

const rowValue: z.ZodType<RowValue> = z.union([
  z.strictObject({
    caller: z
      .string()
      .regex(CALLER, { error: 'tenant, id, name or claims.<name>' })
      .describe('What of the caller the column must equal: `tenant`, `id`, `name` or `claims.<name>`.'),
  }),
  z.union([z.string(), z.number(), z.boolean()]).transform((value) => ({ value })),
])

const rowRule: z.ZodType<RowRuleOptions> = z.strictObject({
  roles: roles.exactOptional().describe('Roles that it is for. Default: every caller.'),
  where: z
    .union([z.literal('all'), z.record(IDENTIFIER, rowValue)])
    .describe('`all`, or values that columns must have, all of them: `{ tenant_id: { caller: tenant } }`.'),
})

const table: z.ZodType<TableOptions> = z
  .strictObject({
    description: z
      .string()
      .min(1)
      .exactOptional()
      .describe('What the table holds. Default: its comment in the database.'),
    roles: roles
      .exactOptional()
      .describe('Roles of which a caller must have one. To others it does not exist. Default: every caller.'),
    columns: z
      .record(IDENTIFIER, column)
      .default({})
      .describe('Columns that are hidden or masked. The others are shown.'),
    rows: z
      .array(rowRule)
      .exactOptional()
      .describe(
        'Rows that callers may see: what any rule that is for them permits. With rules, a caller for whom there is none sees no row. Without this option every caller sees every row.',
      ),
  })
  .describe('A table or view that is offered.')

const jsonSchema = z.record(z.string(), z.unknown())

const query: z.ZodType<QueryOptions> = z.strictObject({
  title: z.string().min(1).exactOptional().describe('Name for people.'),
  description: z.string().min(1).describe('What it answers; the model goes by it.'),
  sql: z
    .string()
    .min(1)
    .describe(
      'One statement with parameters as `:name`. `:caller.tenant`, `:caller.id`, `:caller.name` and `:caller.claims.<name>` are bound by Toolgate; no argument can set them.',
    ),
  input: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, { error: 'letters, digits and _' }), jsonSchema)
    .default({})
    .describe('JSON Schema of each parameter, by name.'),
  required: z
    .array(z.string())
    .exactOptional()
    .describe(
      'Parameters that must be given; the others are NULL when they are not. Default: all without a `default`.',
    ),
  output: z
    .record(z.string(), jsonSchema)
    .exactOptional()
    .describe('JSON Schema of each column of the result, by name. Then each row is an object.'),
  write: z.boolean().default(false).describe('Whether it changes data. Else it runs in a transaction that cannot.'),
  destructive: z
    .boolean()
    .default(true)
    .describe('For one that writes: whether it may overwrite or delete (`destructiveHint`).'),
  idempotent: z
    .boolean()
    .default(false)
    .describe('For one that writes: whether a second run with the same arguments changes nothing more.'),
  lane: z
    .enum(['cheap', 'ordinary'])
    .default('ordinary')
    .describe('`cheap` for a statement that takes milliseconds: it never waits behind slow ones.'),
  timeoutMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .exactOptional()
    .describe('Milliseconds it may take. Default: `budget.timeoutMs`.'),
  roles: roles
    .exactOptional()
    .describe('Roles of which a caller must have one. To others it does not exist. Default: every caller.'),
})

const freeSql: z.ZodType<FreeSqlOptions> = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether callers may write SQL of their own, held to what is exposed.'),
  maxLength: z.int().min(100).max(1_000_000).default(100_000).describe('Characters a statement may have.'),
  maxCost: z
    .number()
    .positive()
    .exactOptional()
    .describe("Refuses a statement whose plan the engine estimates to cost more, in the engine's own unit."),
  functions: z
    .array(z.string().min(1))
    .default([])
    .describe('Functions of your own that may be called, as `schema.name`, beside the harmless ones of the engine.'),
})

const budget: z.ZodType<BudgetOptions> = z.strictObject({
  maxRows: z.int().min(1).max(100_000).default(1000).describe('Rows of one answer; the rest is another page.'),
  maxBytes: z
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .default(256 * 1024)
    .describe('Bytes of the rows of one answer.'),
  timeoutMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(10_000)
    .describe('Milliseconds a statement may run in the database.'),
  maxPerCaller: z.int().min(1).max(1000).default(4).describe('Statements of one caller that may run at once.'),
})

/** The option `prefix` of a connector over SQL. */
export const prefixOption: z.ZodExactOptional<z.ZodString> = z
  .string()
  .regex(/^[A-Za-z0-9_-]{0,32}$/, { error: 'at most 32 letters, digits, _ and -' })
  .exactOptional()
  .describe('Text put before the name of each of its tools. Default: the name of the connector and `_`.')

interface SqlShape
  extends Required<{ readonly [K in Exclude<keyof SqlOptions, 'maskKey'>]: z.ZodType<SqlOptions[K]> }> {
  readonly maskKey: z.ZodExactOptional<z.ZodString>
}

/** The options that a connector over SQL has beside its own, to be spread into its schema. */
export const sqlOptions: SqlShape = {
  maskKey: z
    .string()
    .min(16)
    .exactOptional()
    .describe(
      'Secret that goes into masks of the kind `hash`, so that nobody finds a value by trying. Default: a new one at each start.',
    ),
  tables: z.record(IDENTIFIER, table).default({}).describe('What is exposed, by `schema.table`. Nothing else is.'),
  queries: z
    .record(z.string().regex(/^[A-Za-z0-9_-]{1,48}$/, { error: 'letters, digits, _ and -' }), query)
    .default({})
    .describe('Statements of your own, each offered as a tool; see docs/how-to/connect-a-database.md.'),
  find: z
    .enum(['generic', 'per-table', 'off'])
    .default('generic')
    .describe(
      'Tools that find and count: `generic` is one pair for all tables, `per-table` a pair for each, `off` none.',
    ),
  resources: z.boolean().default(true).describe('Whether tables are offered as resources, `db://<connector>/…`.'),
  freeSql: freeSql.prefault({}).describe('SQL that callers write. Off unless enabled.'),
  budget: budget.prefault({}).describe('What a statement may take.'),
  allowPrivileged: z
    .boolean()
    .default(false)
    .describe('Starts although the login can do what no login of an AI client should. For development.'),
  schemaRefreshMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(60_000)
    .describe('Milliseconds between two looks at whether the schema has changed; 0 looks at start and reload alone.'),
}

/** The options with their defaults, read without those that an engine has of its own. Throws what zod throws. */
export function readSqlOptions(input: unknown): SqlOptions {
  return z.strictObject(sqlOptions).parse(input)
}
