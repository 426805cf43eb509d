import { defineTool, type ToolDefinition } from '../../capabilities/definition.ts'
import { type SqlSource, visibleTables } from './sql-source.ts'
import { describeTable, type TableDescription } from './table-description.ts'

const MAX_FOUND = 100

/** Finds tables and columns by words, in as much detail as is asked for: names first, so that a large schema costs little. */
export function searchSchemaTool(source: () => SqlSource): ToolDefinition {
  return defineTool({
    name: 'search_schema',
    description: `Searches the tables and columns of ${source().name}. Start with detail "names", then ask for "full" of the few tables you need.`,
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: {
      type: 'object',
      properties: {
        search: {
          type: 'string',
          maxLength: 200,
          description: 'Words of names or descriptions; all tables without it.',
        },
        detail: { enum: ['names', 'columns', 'full'], description: 'Default: names.' },
      },
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: { tables: { type: 'array', items: { type: 'object' } }, truncated: { type: 'boolean' } },
      required: ['tables', 'truncated'],
    },
    run(input, { caller }) {
      const { search = '', detail = 'names' } = input as { search?: string; detail?: Detail }
      const words = search
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u)
        .filter((word) => word !== '')
      const current = source()
      const scored = visibleTables(current, caller)
        .map((exposed) => describeTable(current, exposed, caller))
        .map((table) => ({ table, score: scoreOf(table, words) }))
        .filter(({ score }) => words.length === 0 || score > 0)
        .sort((one, other) => other.score - one.score)
      const tables = scored.slice(0, MAX_FOUND).map(({ table }) => reduce(table, detail))
      return { tables, truncated: scored.length > MAX_FOUND }
    },
  })
}

type Detail = 'names' | 'columns' | 'full'

/** A word in the name of a table counts more than in that of a column, and that more than in a description. */
function scoreOf({ table, description = '', columns }: TableDescription, words: readonly string[]): number {
  const score = (word: string): number => {
    const holds = (text: string | undefined): boolean => text?.toLowerCase().includes(word) === true
    const inColumns = columns.some(({ name }) => holds(name))
    const inComments = columns.some(({ comment }) => holds(comment))
    return (holds(table) ? 10 : 0) + (inColumns ? 3 : 0) + (holds(description) ? 2 : 0) + (inComments ? 1 : 0)
  }
  return words.reduce((sum, word) => sum + score(word), 0)
}

function reduce(whole: TableDescription, detail: Detail): object {
  const { columns, key, foreignKeys, ...names } = whole
  if (detail === 'names') return names
  return detail === 'full' ? whole : { ...names, columns: columns.map(({ name, type }) => `${name} ${type}`) }
}
