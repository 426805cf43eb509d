import type { Options } from './command.ts'
import { readSpan } from './read-span.ts'
import { UsageError } from './usage-error.ts'

/** Milliseconds since 1970 of an option that is ISO 8601, or so long ago: `90m`, `24h`, `7d`. Throws `UsageError`. */
export function readTrailTime(options: Options, name: string): number | undefined {
  const text = options.text(name)
  if (text === undefined) return undefined
  const spanMs = readSpan(text)
  const time =
    spanMs === undefined ? (/^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN) : Date.now() - spanMs
  if (!Number.isNaN(time)) return time
  throw new UsageError(
    `--${name} is ${text}, which is no time.`,
    'Write 2026-11-22T10:00:00Z, 2026-11-22, 90m, 24h or 7d.',
  )
}
