import type { Budget, ResultColumn, SqlResult, SqlValue } from '../sql/database.ts'
import { type DriverColumn, isLong, toResultColumn, toSqlValue } from './result-column.ts'

/** Takes the rows of a result until the budget is used up. */
export interface RowCollector {
  /** The first result set counts; those after it are not looked at. */
  begin(columns: readonly DriverColumn[]): void
  /** Answers whether more can be taken. */
  add(values: readonly unknown[]): 'more' | 'full'
  readonly result: Pick<SqlResult, 'columns' | 'rows' | 'truncated'>
}

/** An empty collector for a budget. */
export function createRowCollector({ maxRows, maxBytes }: Budget): RowCollector {
  let sets = 0
  let described: readonly DriverColumn[] = []
  let columns: readonly ResultColumn[] = []
  const rows: SqlValue[][] = []
  let bytes = 0
  let truncated: SqlResult['truncated']
  const stop = (why: 'rows' | 'bytes'): 'full' => {
    truncated = why
    return 'full'
  }
  return {
    begin(found) {
      if (++sets > 1) return
      described = found
      columns = found.map(toResultColumn)
    },
    add(values) {
      if (truncated !== undefined) return 'full'
      if (sets !== 1) return 'more'
      if (rows.length === maxRows) return stop('rows')
      const wasCut = values.some((value, index) => isCut(value, described[index], maxBytes))
      const row = columns.map((column, index) => toSqlValue(values[index], column))
      const size = bytesOf(row)
      if (!wasCut && bytes + size <= maxBytes) {
        bytes += size
        rows.push(row)
        return 'more'
      }
      // A first row that is too large is shown in part: an empty answer would tell nothing.
      if (rows.length === 0) rows.push(shorten(row, maxBytes))
      return stop('bytes')
    },
    get result() {
      return { columns, rows, ...(truncated !== undefined && { truncated }) }
    },
  }
}

/** The engine cuts long values at TEXTSIZE, which is the budget, and says nothing. */
function isCut(value: unknown, column: DriverColumn | undefined, maxBytes: number): boolean {
  if (column === undefined || !isLong(column)) return false
  if (Buffer.isBuffer(value)) return value.length >= maxBytes
  if (typeof value !== 'string') return false
  // An odd count of bytes ends before the half of a character.
  return column.type.name.startsWith('N') ? value.length * 2 >= maxBytes - 1 : Buffer.byteLength(value) >= maxBytes
}

const bytesOf = (row: readonly SqlValue[]): number => Buffer.byteLength(JSON.stringify(row)) + 1

/** Every text of the row cut to its share. */
function shorten(row: readonly SqlValue[], maxBytes: number): SqlValue[] {
  // A character takes up to six bytes as JSON (`\\u0000`).
  const share = Math.floor(maxBytes / row.length / 6)
  // Base64 stays readable when it is cut between two groups of four.
  return row.map((value) => (typeof value === 'string' && value.length > share ? value.slice(0, share & ~3) : value))
}
