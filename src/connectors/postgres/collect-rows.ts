import type { FieldDef } from 'pg'
import type { Budget, SqlResult, SqlValue } from '../sql/database.ts'
import { parseValue } from './parse-value.ts'
import { type PgTypes, UNKNOWN_TYPE } from './read-types.ts'

/** Rows under a budget. */
export interface RowCollector {
  /** Takes a row, or nothing more once the budget is spent. */
  add(row: readonly (string | null)[], fields: readonly FieldDef[]): void
  /** Whether the budget is spent. */
  readonly isFull: boolean
  finish(fields: readonly FieldDef[]): SqlResult
}

/** Gathers rows until the budget is spent, and says what cut them. */
export function createRowCollector({ maxRows, maxBytes }: Budget, types: PgTypes): RowCollector {
  const rows: (readonly SqlValue[])[] = []
  let truncated: SqlResult['truncated']
  // The brackets of the list.
  let bytes = 2
  return {
    add(row, fields) {
      if (truncated !== undefined) return
      if (rows.length >= maxRows) {
        truncated = 'rows'
        return
      }
      const values = row.map((text, at) => parseValue(text, types.get(fields[at]?.dataTypeID ?? 0) ?? UNKNOWN_TYPE))
      bytes += measure(values) + 1
      if (bytes > maxBytes) truncated = 'bytes'
      else rows.push(values)
    },
    get isFull() {
      return truncated !== undefined
    },
    finish: (fields) => ({
      columns: fields.map(({ name, dataTypeID }) => {
        const { name: type, family } = types.get(dataTypeID) ?? UNKNOWN_TYPE
        return { name, type, family }
      }),
      rows,
      ...(truncated !== undefined && { truncated }),
    }),
  }
}

/** JSON nested too deep to be written again counts as too large. */
function measure(values: readonly SqlValue[]): number {
  try {
    return Buffer.byteLength(JSON.stringify(values))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
