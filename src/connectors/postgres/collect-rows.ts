import type { FieldDef } from 'pg'
import type { Budget, ResultColumn, SqlResult, SqlValue } from '../sql/database.ts'
import { rowLength } from '../sql/json-length.ts'
import { readerOf, type ValueReader } from './parse-value.ts'
import { type PgTypes, UNKNOWN_TYPE } from './read-types.ts'

/** Rows under a budget. */
export interface RowCollector {
  /** Says what the rows consist of; comes before them. */
  describe(fields: readonly FieldDef[]): void
  /** Takes a row, or nothing more once the budget is spent. */
  add(row: readonly (string | null)[]): void
  /** Whether the budget is spent. */
  readonly isFull: boolean
  /** How many rows like those so far there is still room for, and one more. */
  readonly room: number
  finish(): SqlResult
}

/** Gathers rows until the budget is spent, and says what cut them. */
export function createRowCollector({ maxRows, maxBytes }: Budget, types: PgTypes): RowCollector {
  const rows: (readonly SqlValue[])[] = []
  let columns: readonly ResultColumn[] = []
  let readers: readonly ValueReader[] = []
  let truncated: SqlResult['truncated']
  // The brackets of the list.
  let bytes = 2
  return {
    describe(fields) {
      const known = fields.map(({ dataTypeID }) => types.get(dataTypeID) ?? UNKNOWN_TYPE)
      readers = known.map(readerOf)
      columns = known.map(({ name: type, family }, at) => ({ name: fields[at]?.name ?? '', type, family }))
    },
    add(row) {
      if (truncated !== undefined) return
      if (rows.length >= maxRows) {
        truncated = 'rows'
        return
      }
      const values = row.map((text, at) => (text === null ? null : (readers[at]?.(text) ?? text)))
      bytes += rowLength(values) + 1
      if (bytes > maxBytes) truncated = 'bytes'
      else rows.push(values)
    },
    get isFull() {
      return truncated !== undefined
    },
    get room() {
      const fitting = Math.floor(((maxBytes - bytes) * rows.length) / bytes)
      return Math.max(0, Math.min(maxRows - rows.length, fitting)) + 1
    },
    finish: () => ({ columns, rows, ...(truncated !== undefined && { truncated }) }),
  }
}
