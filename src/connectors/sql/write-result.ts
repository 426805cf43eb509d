import { Buffer } from 'node:buffer'
import type { CallToolResult, JsonSchema } from '../../capabilities/protocol.ts'
import type { ResultColumn, SqlResult, SqlValue } from './database.ts'

/** Rows as callers get them: the columns once, each row as an array, so that a thousand rows do not repeat their names. */
export interface RowsAnswer {
  readonly columns: readonly Pick<ResultColumn, 'name' | 'type'>[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** Whether there is more than was sent. */
  readonly truncated: boolean
  /** Opaque; gets the next page from the same tool with the same arguments. */
  readonly nextCursor?: string
}

/** What a tool that answers rows promises. */
export const ROWS_OUTPUT: JsonSchema = {
  type: 'object',
  properties: {
    columns: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, type: { type: 'string' } },
        required: ['name', 'type'],
      },
    },
    rows: {
      type: 'array',
      description:
        'Values in the order of the columns. Large integers and decimals are strings, times ISO 8601, binary values base64.',
      items: { type: 'array' },
    },
    truncated: { type: 'boolean', description: 'Whether there is more than was sent.' },
    nextCursor: { type: 'string', description: 'Send it as `cursor` with the same arguments for the next page.' },
  },
  required: ['columns', 'rows', 'truncated'],
}

/** The result as the answer of a tool. */
export function toRowsAnswer(result: SqlResult, nextCursor?: string): RowsAnswer {
  return {
    columns: result.columns.map(({ name, type }) => ({ name, type })),
    rows: result.rows,
    truncated: result.truncated !== undefined || nextCursor !== undefined,
    ...(nextCursor === undefined ? {} : { nextCursor }),
  }
}

/** Bytes of rows that the text of a result repeats, for clients that do not read structured content. */
const TEXT_BYTES = 4 * 1024

/**
 * The answer as a result: whole as structured content, and as text up to a bound, saying what was left out. Sending long
 * rows twice would double what every client reads and most models pay for.
 */
export function toToolResult(answer: RowsAnswer): CallToolResult {
  return {
    content: [{ type: 'text', text: writeText(answer) }],
    structuredContent: { ...answer },
  }
}

function writeText({ columns, rows, nextCursor, truncated }: RowsAnswer): string {
  const lines = [JSON.stringify(columns.map(({ name }) => name))]
  let bytes = 0
  for (const row of rows) {
    const line = JSON.stringify(row)
    bytes += Buffer.byteLength(line)
    if (bytes > TEXT_BYTES) break
    lines.push(line)
  }
  const left = rows.length - (lines.length - 1)
  if (left > 0) lines.push(`${left} more rows are in the structured content; for short answers ask for fewer rows.`)
  if (nextCursor !== undefined) lines.push(`There is a next page: cursor ${nextCursor}`)
  else if (truncated) lines.push('There is more; narrow the question.')
  return lines.join('\n')
}
