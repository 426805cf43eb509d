import type { Caller } from '../../capabilities/call-context.ts'
import { defineTool, type ToolDefinition } from '../../capabilities/definition.ts'
import type { JsonSchema } from '../../capabilities/protocol.ts'
import { ToolgateError, UserError } from '../../errors.ts'
import { nearestSpelling } from '../../nearest-spelling.ts'
import type { SqlResult, SqlValue, Statement } from './database.ts'
import type { Dialect, SqlParameter } from './dialect.ts'
import { type NamedStatement, parseNamedParameters } from './named-parameters.ts'
import type { QueryOptions } from './options.ts'
import type { SqlSource } from './sql-source.ts'
import { callerValue } from './view-table.ts'
import { ROWS_OUTPUT, toRowsAnswer, toToolResult } from './write-result.ts'

const CALLER = 'caller.'

/**
 * The statements of the configuration as tools. Throws `CONNECTOR_FAILED` for one whose parameters and `input` do not
 * agree.
 */
export function queryTools(
  queries: Readonly<Record<string, QueryOptions>>,
  source: () => SqlSource,
): readonly ToolDefinition[] {
  return Object.entries(queries).map(([name, query]) => queryTool(name, query, source))
}

function queryTool(name: string, query: QueryOptions, source: () => SqlSource): ToolDefinition {
  const statement = parseNamedParameters(query.sql)
  checkNames(name, query, statement)
  const { title, description, write, timeoutMs, roles } = query
  return defineTool({
    name,
    description,
    ...(title === undefined ? {} : { title }),
    ...(roles === undefined ? {} : { roles }),
    annotations: write
      ? {
          readOnlyHint: false,
          destructiveHint: query.destructive,
          idempotentHint: query.idempotent,
          openWorldHint: false,
        }
      : { readOnlyHint: true, openWorldHint: false },
    input: inputOf(query),
    output: outputOf(query),
    async run(input, context) {
      const { dialect, session } = source()
      const bound = bindNamed(statement, dialect, (parameter) =>
        parameter.startsWith(CALLER) ? ofCaller(parameter, context.caller) : toParameter(input[parameter]),
      )
      const result = await session.run(bound, context, {
        access: write ? 'write' : 'read',
        lane: query.lane,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      })
      return toAnswer(query, result)
    },
  })
}

function checkNames(name: string, query: QueryOptions, { names }: NamedStatement): void {
  const own = names.filter((parameter) => !parameter.startsWith(CALLER))
  const known = Object.keys(query.input)
  const undeclared = own.find((parameter) => !known.includes(parameter))
  const unused = known.find((parameter) => !own.includes(parameter))
  if (undeclared === undefined && unused === undefined) return
  const nearest = nearestSpelling(undeclared ?? unused ?? '', undeclared === undefined ? own : known)
  throw new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message:
      undeclared === undefined
        ? `The query ${name} never uses its input ${unused}.`
        : `The query ${name} uses :${undeclared}, which its input does not declare.`,
    hint: nearest === undefined ? 'Make the names under `input` those of the parameters.' : `Did you mean ${nearest}?`,
  })
}

function inputOf({ input, required }: QueryOptions): JsonSchema {
  const withoutDefault = Object.entries(input).flatMap(([name, schema]) => ('default' in schema ? [] : [name]))
  return { type: 'object', properties: input, required: required ?? withoutDefault, additionalProperties: false }
}

function outputOf({ output, write }: QueryOptions): JsonSchema {
  const changed = write ? { changed: { type: 'integer', description: 'Rows that were changed.' } } : {}
  if (output === undefined) {
    return { ...ROWS_OUTPUT, properties: { ...(ROWS_OUTPUT.properties as object), ...changed } }
  }
  const row = { type: 'object', properties: output, required: Object.keys(output), additionalProperties: false }
  return {
    type: 'object',
    properties: { rows: { type: 'array', items: row }, truncated: { type: 'boolean' }, ...changed },
    required: ['rows', 'truncated'],
  }
}

/** The statement with placeholders of the dialect; a name that stands twice is bound twice. */
function bindNamed(
  { parts, names }: NamedStatement,
  dialect: Dialect,
  toValue: (name: string) => SqlParameter,
): Statement {
  const text = parts.map((part, index) => (index === 0 ? part : `${dialect.placeholder(index - 1)}${part}`)).join('')
  return { text, parameters: names.map(toValue) }
}

function ofCaller(parameter: string, caller: Caller): SqlParameter {
  const path = parameter.slice(CALLER.length)
  const value = callerValue(path, caller)
  if (value !== undefined) return value
  throw new UserError(`You are known without ${path}, which this needs. Ask the owner of this server.`)
}

function toParameter(value: unknown): SqlParameter {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(toParameter)
  return JSON.stringify(value)
}

function toAnswer(query: QueryOptions, result: SqlResult): object {
  const changed = result.changed === undefined ? {} : { changed: result.changed }
  if (query.output === undefined) {
    return toToolResult({ ...toRowsAnswer(result), ...changed })
  }
  return {
    rows: result.rows.map((row) => toObject(result, row)),
    truncated: result.truncated !== undefined,
    ...changed,
  }
}

function toObject({ columns }: SqlResult, row: readonly SqlValue[]): Record<string, SqlValue> {
  return Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))
}
