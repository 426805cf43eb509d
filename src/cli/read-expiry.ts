import { readSpan } from './read-span.ts'
import { UsageError } from './usage-error.ts'

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

/**
 * Reads what `--expires` was given, from `now` in milliseconds: a span such as `30d`, or a time with its zone. Gives ISO
 * 8601 in UTC. Throws `UsageError` for what is neither and for what has passed.
 */
export function readExpiry(text: string, now: number): string {
  const time = readTime(text, now)
  if (Number.isNaN(time) || Math.abs(time) > MAX_TIME) {
    throw new UsageError(`--expires is ${text}; expected 30d, 12h, 90m or a time such as 2027-01-31T00:00:00Z.`)
  }
  if (time <= now) throw new UsageError(`--expires is ${text}, which has passed.`)
  return new Date(time).toISOString()
}

/** The end of the year 9999: later years are written in another way. */
const MAX_TIME = 253_402_300_799_999

function readTime(text: string, now: number): number {
  const spanMs = readSpan(text)
  if (spanMs !== undefined) return now + spanMs
  return TIME.test(text) ? Date.parse(text) : Number.NaN
}
