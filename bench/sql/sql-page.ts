import { cpus } from 'node:os'
import { readNodeVersion } from '../process/node-binary.ts'
import type { SqlFigures } from './measure-server.ts'

/** The driver alone, in the process that measures; milliseconds. */
export interface BareFigures {
  readonly oneMs: number
  readonly rowsMs: number
}

/** The figures as a table, ratios to the mean of what the driver did before and after. */
export function toSqlTable(bare: readonly BareFigures[], figures: readonly SqlFigures[]): string {
  const one = mean(bare.map(({ oneMs }) => oneMs))
  const rows = mean(bare.map(({ rowsMs }) => rowsMs))
  const head = [
    '| | `SELECT 1` | ratio | 1,000 rows × 6 | ratio | bytes | 50 at once | behind 20 slow | freed after leaving |',
    '|---|---|---|---|---|---|---|---|---|',
    `| \`pg\` alone | ${ms(one)} | 1 | ${ms(rows)} | 1 | | | | |`,
  ]
  const lines = figures.map((each) =>
    [
      `| ${each.name}`,
      ms(each.oneMs),
      (each.oneMs / one).toFixed(1),
      ms(each.rowsMs),
      (each.rowsMs / rows).toFixed(1),
      each.rowsBytes.toLocaleString('en'),
      `${each.burstFailed === 0 ? 'all answered' : `${each.burstFailed} failed`}, ${ms(each.burstMs)}`,
      ms(each.behindMs),
      each.freedMs === undefined ? 'never' : ms(each.freedMs),
    ].join(' | '),
  )
  return [...head, ...lines.map((line) => `${line} |`)].join('\n')
}

/** The page. */
export function toSqlPage(bare: readonly BareFigures[], figures: readonly SqlFigures[]): string {
  return `# Figures: SQL over MCP

Written by \`npm run bench:sql\` in one run: Node ${readNodeVersion()}, ${cpus().length} cores, a Postgres beside it. Medians over HTTP, one call
after the other; everything runs on one small machine, so read the ratios. Toolgate runs free SQL with all its guards: the API key, the role,
the limits, the grammar guard, a read-only transaction that is rolled back, a session that is reset, the audit trail on disk before and after.

${toSqlTable(bare, figures)}

What sleeps is a named query with Toolgate, whose free SQL cannot sleep, and \`execute_sql\` with the others. "Freed after leaving" is the time
from the client's closing its connection until the database no longer works on its statement.
`
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en')} ms`
}
