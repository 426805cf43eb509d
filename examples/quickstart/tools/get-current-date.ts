import { defineTool, UserError } from 'toolgate'
import { z } from 'zod'

const DEFAULT_TIMEZONE = process.env.DEFAULT_TIMEZONE ?? 'UTC'

export const getCurrentDate = defineTool({
  name: 'get_current_date',
  title: 'Current date',
  description: 'Returns the current date and time in ISO 8601.',
  input: z.object({
    timezone: z.string().max(64).default(DEFAULT_TIMEZONE).describe('IANA time zone, such as Europe/Berlin.'),
  }),
  output: z.object({ date: z.string(), timezone: z.string() }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ timezone }) => ({ date: toIsoDate(new Date(), timezone), timezone }),
})

function toIsoDate(now: Date, timeZone: string): string {
  try {
    const local = now.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')
    const [, offset] = now.toLocaleString('en-US', { timeZone, timeZoneName: 'longOffset' }).split('GMT')
    return local + (offset || 'Z')
  } catch {
    throw new UserError(`"${timeZone}" is not a time zone. Write its IANA name: Europe/Berlin, America/New_York, UTC.`)
  }
}
