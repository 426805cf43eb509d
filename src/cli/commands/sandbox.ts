import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { UsageError } from '../usage-error.ts'

const MAX_ROWS = 100_000

/** Copies a masked sample of every SQL database; Ctrl+C ends it and leaves nothing behind. */
export const initialise: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const rows = readRows(options.text('rows'))
  const config = await openTarget(invocation)
  const { initSandbox } = await import('../../app/sandbox/init-sandbox.ts')
  const ending = new AbortController()
  const end = (): void => ending.abort(new Error('It was interrupted; no sandbox was made.'))
  process.once('SIGINT', end).once('SIGTERM', end)
  try {
    const { made, copies } = await initSandbox(config, { rows, force: options.has('force'), signal: ending.signal })
    const counts = Object.entries(copies).map(([name, copy]) => [name, copy.rows] as const)
    if (options.has('json')) terminal.out(`${JSON.stringify({ made, copies: Object.fromEntries(counts) })}\n`)
    else terminal.out(describe(counts))
    return EXIT_CODES.ok
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end)
  }
}

function readRows(text = '1000'): number {
  const rows = Number(text)
  if (/^\d+$/.test(text) && rows >= 1 && rows <= MAX_ROWS) return rows
  throw new UsageError(`--rows is ${text}.`, `Write a whole number from 1 to ${MAX_ROWS}.`)
}

function describe(copies: readonly (readonly [string, Readonly<Record<string, number>>])[]): string {
  const lines = copies.flatMap(([connector, rows]) => [
    `${connector}:`,
    ...Object.entries(rows).map(([table, count]) => `  ${table}: ${count} ${count === 1 ? 'row' : 'rows'}`),
  ])
  const limits =
    'Not in the copies: tables that are not exposed, functions, row security, roles and defaults of the database.'
  return `${[...lines, limits, 'Serve them: `toolgate serve --sandbox`.'].join('\n')}\n`
}
