import type { UsageDimension, UsageSum } from '../app/app.ts'

const NUMBERS = ['CALLS', 'ERRORS', 'DENIED', 'P50', 'P95', 'P99'] as const
const MAX_NAME = 60

/** The use of tools as a table for people, numbers to the right. Names are cut and cannot steer the terminal. */
export function usageText(sums: readonly UsageSum[], by: readonly UsageDimension[], since: string): string {
  if (sums.length === 0) return `No tool was called in the last ${since}, as far as the storage knows.\n`
  const rows = [
    [...by.map((dimension) => dimension.toUpperCase()), ...NUMBERS],
    ...sums.map((sum) => [...by.map((dimension) => nameText(sum[dimension])), ...numbersOf(sum)]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < by.length ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  )
  return `${lines.map((cells) => `  ${cells.join('  ')}`).join('\n')}\n`
}

function numbersOf({ calls, errors, denied, p50Ms, p95Ms, p99Ms }: UsageSum): readonly string[] {
  return [String(calls), String(errors), String(denied), ...[p50Ms, p95Ms, p99Ms].map(durationText)]
}

/** Three digits, which is more than the sums are good for. */
function durationText(durationMs: number | undefined): string {
  if (durationMs === undefined) return '-'
  if (durationMs < 0.01) return '<0.01 ms'
  if (durationMs >= 100_000) return `${Math.round(durationMs / 1000)} s`
  return durationMs >= 1000 ? `${three(durationMs / 1000)} s` : `${three(durationMs)} ms`
}

function three(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function nameText(name = ''): string {
  const plain = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
  return plain.length > MAX_NAME ? `${plain.slice(0, MAX_NAME - 1)}…` : plain
}
