import type { CallContext } from '../../capabilities/call-context.ts'
import {
  defineResource,
  type ResourceDefinition,
  type ResourceTemplateDefinition,
} from '../../capabilities/definition.ts'
import { ToolgateError, UserError } from '../../errors.ts'
import { completeKeys, completeSchemas, completeTables } from './complete-names.ts'
import type { SqlResult } from './database.ts'
import type { ExposedTable } from './exposure.ts'
import { nextPlace } from './next-place.ts'
import { type PagePlace, readCursor, writeCursor } from './page-cursor.ts'
import { plainName } from './plain-name.ts'
import { findTable, NO_SCHEMA, type SqlSource } from './sql-source.ts'
import { describeTable } from './table-description.ts'
import { viewTable } from './view-table.ts'
import { writeFind } from './write-find.ts'
import { toRowsAnswer } from './write-result.ts'
import { writeRowByKey } from './write-row-by-key.ts'

const JSON_TYPE = 'application/json'
const SAMPLE_ROWS = 5
const PAGE_ROWS = 100

/** Where a table is: `db://<connector>/<schema>/<table>`; `main` stands for the schema where there are none. */
function uriOf(connector: string, { table }: Pick<ExposedTable, 'table'>): string {
  const schema = table.schema === '' ? NO_SCHEMA : table.schema
  return `db://${connector}/${encodeURIComponent(schema)}/${encodeURIComponent(table.name)}`
}

/** Each table as a resource that says what it is; to callers to whom it does not exist, neither does the resource. */
export function tableResources(source: () => SqlSource): readonly ResourceDefinition[] {
  const { name: connector, tables } = source()
  return tables.map((exposed) =>
    defineResource({
      name: `${plainName(connector, 24)}_${plainName(exposed.name, 39)}`,
      title: exposed.name,
      ...(exposed.description === undefined ? {} : { description: exposed.description }),
      ...(exposed.roles === undefined ? {} : { roles: exposed.roles }),
      uri: uriOf(connector, exposed),
      mimeType: JSON_TYPE,
      read(_, { caller }) {
        const current = source()
        return describeTable(current, findTable(current, exposed.name, caller), caller)
      },
    }),
  )
}

type Variables = Readonly<Record<string, string>>

/** Rows of the tables: one by its key, a few to see what they are like, and all of them in pages. */
export function tableTemplates(source: () => SqlSource): readonly ResourceTemplateDefinition[] {
  const { name } = source()
  const base = `db://${name}/{schema}/{table}`
  const names = { schema: completeSchemas(source), table: completeTables(source) }
  const id = plainName(name, 40)
  return [
    defineResource({
      name: `${id}_row`,
      title: `A row of ${name} by its key`,
      description: 'The values of the primary key, joined by commas where it has several columns.',
      uriTemplate: `${base}/rows/{key}`,
      mimeType: JSON_TYPE,
      complete: { ...names, key: completeKeys(source) },
      read: (uri, variables: Variables, context) => readRow(source(), { uri, variables, context }),
    }),
    defineResource({
      name: `${id}_sample`,
      title: `A few rows of ${name}`,
      description: `The first ${SAMPLE_ROWS} rows of a table.`,
      uriTemplate: `${base}/sample`,
      mimeType: JSON_TYPE,
      complete: names,
      read: async (uri, variables: Variables, context) => {
        const result = await readRows(source(), { uri, variables, context }, { limit: SAMPLE_ROWS, offset: 0 })
        return toRowsAnswer(result)
      },
    }),
    defineResource({
      name: `${id}_pages`,
      title: `All rows of ${name}, in pages`,
      description: `Begin with the page \`first\`; each page names the next one.`,
      uriTemplate: `${base}/pages/{page}`,
      mimeType: JSON_TYPE,
      complete: { ...names, page: () => ['first'] },
      read: (uri, variables: Variables, context) => readPage(source(), { uri, variables, context }),
    }),
  ]
}

interface Asked {
  readonly uri: URL
  readonly variables: Variables
  readonly context: CallContext
}

async function readPage(source: SqlSource, asked: Asked): Promise<object> {
  const exposed = askedTable(source, asked)
  const { page = '' } = asked.variables
  const question = ['pages', exposed.name]
  const place = page === 'first' ? { offset: 0 } : readCursor(page, question)
  const result = await readRows(source, asked, { limit: PAGE_ROWS, ...place })
  const hasMore = result.truncated !== undefined && result.rows.length > 0
  const view = viewTable(exposed, asked.context.caller)
  const after = nextPlace({ dialect: source.dialect, view, question: {}, place, rows: result.rows })
  const next = `${uriOf(source.name, exposed)}/pages/${writeCursor(question, after)}`
  return { ...toRowsAnswer(result), truncated: result.truncated !== undefined, ...(hasMore ? { next } : {}) }
}

async function readRows(
  source: SqlSource,
  asked: Asked,
  { limit, ...place }: { readonly limit: number } & PagePlace,
): Promise<SqlResult> {
  const view = viewTable(askedTable(source, asked), asked.context.caller)
  const statement = writeFind(source.dialect, view, { limit: limit + 1, ...place })
  return source.session.run(statement, asked.context, { maxRows: limit, lane: 'cheap' })
}

async function readRow(source: SqlSource, asked: Asked): Promise<object> {
  const view = viewTable(askedTable(source, asked), asked.context.caller)
  const statement = writeRowByKey(source.dialect, view, asked.variables.key ?? '')
  const { columns, rows } = await source.session.run(statement, asked.context, { maxRows: 1, lane: 'cheap' })
  const row = rows[0]
  if (row === undefined) throw notFound(asked.uri)
  return Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))
}

/** The same answer for a table that is not there, not exposed or not for this caller. */
function askedTable(source: SqlSource, { uri, variables, context }: Asked): ExposedTable {
  const { schema, table } = variables
  const name = schema === NO_SCHEMA && !source.hasSchemas ? table : `${schema}.${table}`
  try {
    return findTable(source, name ?? '', context.caller)
  } catch (thrown) {
    if (thrown instanceof UserError) throw notFound(uri)
    throw thrown
  }
}

function notFound({ href: uri }: URL): ToolgateError {
  return new ToolgateError({ code: 'CAPABILITY_NOT_FOUND', message: `Unknown resource: ${uri}`, data: { uri } })
}
