import { defineTool, type ToolDefinition } from '../../capabilities/definition.ts'
import type { JsonSchema } from '../../capabilities/protocol.ts'
import type { ExposedTable } from './exposure.ts'
import { FILTER_OPS, type Filter, MAX_FILTERS } from './filter.ts'
import { nextPlace } from './next-place.ts'
import { readCursor, writeCursor } from './page-cursor.ts'
import { plainName } from './plain-name.ts'
import { findView, type SqlSource } from './sql-source.ts'
import { writeCount, writeFind } from './write-find.ts'
import { ROWS_OUTPUT, toRowsAnswer, toToolResult } from './write-result.ts'

interface FindInput {
  readonly table?: string
  readonly columns?: readonly string[]
  readonly filters?: readonly Filter[]
  readonly order?: readonly { readonly column: string; readonly direction?: 'asc' | 'desc' }[]
  readonly limit?: number
  readonly cursor?: string
}

const READ_ONLY = { readOnlyHint: true, openWorldHint: false } as const
const DEFAULT_LIMIT = 100

/** `find` and `count` for every table of the connector together. */
export function genericFindTools(source: () => SqlSource): readonly ToolDefinition[] {
  const { name, maxRows } = source()
  const table = {
    table: { type: 'string', description: `A table, such as \`search_schema\` of ${name} lists it.` },
  }
  return [
    findTool(source, { name: 'find', about: `rows of a table of ${name}`, properties: table, maxRows }),
    countTool(source, { name: 'count', about: `rows of a table of ${name}`, properties: table }),
  ]
}

/** The same pair for one table alone; to callers to whom it does not exist, neither do they. */
export function tableFindTools(source: () => SqlSource, exposed: ExposedTable): readonly ToolDefinition[] {
  const suffix = plainName(exposed.name, 40)
  const told = exposed.description === undefined ? '' : ` ${exposed.description}`
  const about = `rows of ${exposed.name}.${told}`
  const more = { properties: {}, table: exposed.name, ...(exposed.roles === undefined ? {} : { roles: exposed.roles }) }
  return [
    findTool(source, { name: `find_${suffix}`, about, maxRows: source().maxRows, ...more }),
    countTool(source, { name: `count_${suffix}`, about, ...more }),
  ]
}

interface Shape {
  readonly name: string
  readonly about: string
  /** Arguments beside those that all have. */
  readonly properties: Readonly<Record<string, JsonSchema>>
  /** The one table it is for. */
  readonly table?: string
  readonly roles?: readonly string[]
}

function findTool(source: () => SqlSource, shape: Shape & { readonly maxRows: number }): ToolDefinition {
  return defineTool({
    name: shape.name,
    description: `Finds ${shape.about} Filters are all to be met; a page ends with a cursor if there are more.`,
    ...rolesOf(shape),
    annotations: READ_ONLY,
    input: inputOf(shape, {
      columns: { type: 'array', items: { type: 'string' }, maxItems: 200, description: 'Default: all of them.' },
      filters: FILTERS,
      order: ORDER,
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: shape.maxRows,
        description: `Rows of a page. Default: ${DEFAULT_LIMIT}.`,
      },
      cursor: { type: 'string', maxLength: 6000, description: '`nextCursor` of the page before.' },
    }),
    output: ROWS_OUTPUT,
    async run(input, context) {
      const current = source()
      const asked = input as FindInput
      const view = findView(current, shape.table ?? String(asked.table), context.caller)
      const { columns, filters, order } = asked
      const asking = {
        ...(columns === undefined ? {} : { columns }),
        ...(filters === undefined ? {} : { filters }),
        ...(order === undefined ? {} : { order }),
      }
      const question = [view.exposed.name, columns, filters, order]
      const place = readCursor(asked.cursor, question)
      const limit = Math.min(asked.limit ?? DEFAULT_LIMIT, current.maxRows)
      const statement = writeFind(current.dialect, view, { ...asking, limit: limit + 1, ...place })
      const result = await current.session.run(statement, context, { maxRows: limit, lane: 'cheap' })
      const next = nextPlace({ dialect: current.dialect, view, question: asking, place, rows: result.rows })
      // A single row that is larger than the budget must not be asked for again and again.
      const hasMore = result.truncated !== undefined && result.rows.length > 0
      return toToolResult(toRowsAnswer(result, hasMore ? writeCursor(question, next) : undefined))
    },
  })
}

function countTool(source: () => SqlSource, shape: Shape): ToolDefinition {
  return defineTool({
    name: shape.name,
    description: `Counts ${shape.about} Filters are all to be met.`,
    ...rolesOf(shape),
    annotations: READ_ONLY,
    input: inputOf(shape, { filters: FILTERS }),
    output: {
      type: 'object',
      properties: { count: { type: 'string', description: 'A whole number.', pattern: '^[0-9]+$' } },
      required: ['count'],
    },
    async run(input, context) {
      const current = source()
      const { table, filters = [] } = input as FindInput
      const view = findView(current, shape.table ?? String(table), context.caller)
      const result = await current.session.run(writeCount(current.dialect, view, filters), context)
      return { count: String(result.rows[0]?.[0] ?? '0') }
    },
  })
}

function rolesOf({ roles }: Shape): { readonly roles?: readonly string[] } {
  return roles === undefined ? {} : { roles }
}

function inputOf({ properties }: Shape, more: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return {
    type: 'object',
    properties: { ...properties, ...more },
    required: Object.keys(properties),
    additionalProperties: false,
    $defs: { filter: FILTER },
  }
}

const SCALAR: JsonSchema = { type: ['string', 'number', 'boolean'] }

const FILTER: JsonSchema = {
  oneOf: [
    {
      type: 'object',
      properties: {
        column: { type: 'string' },
        op: { enum: [...FILTER_OPS] },
        value: { oneOf: [SCALAR, { type: 'array', items: SCALAR, maxItems: 1000 }] },
      },
      required: ['column', 'op'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: { anyOf: { type: 'array', items: { $ref: '#/$defs/filter' }, minItems: 1, maxItems: MAX_FILTERS } },
      required: ['anyOf'],
      additionalProperties: false,
    },
  ],
}

const FILTERS: JsonSchema = {
  type: 'array',
  items: { $ref: '#/$defs/filter' },
  maxItems: MAX_FILTERS,
  description:
    'All are to be met: `{"column":"status","op":"=","value":"open"}`; `{"anyOf":[…]}` is met by any of its own.',
}

const ORDER: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: { column: { type: 'string' }, direction: { enum: ['asc', 'desc'] } },
    required: ['column'],
    additionalProperties: false,
  },
  maxItems: 8,
}
