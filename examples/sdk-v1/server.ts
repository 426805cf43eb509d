import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'

const DEFAULT_TIMEZONE = process.env.DEFAULT_TIMEZONE ?? 'UTC'

const server = new McpServer({ name: 'date-server', version: '1.0.0' })

server.tool(
  'get_current_date',
  'Returns the current date and time in ISO 8601.',
  { timezone: z.string().optional().describe('IANA time zone, such as Europe/Berlin.') },
  async ({ timezone = DEFAULT_TIMEZONE }) => {
    try {
      return { content: [{ type: 'text', text: toIsoDate(new Date(), timezone) }] }
    } catch {
      return { content: [{ type: 'text', text: `Unknown time zone: ${timezone}` }], isError: true }
    }
  },
)

function toIsoDate(now: Date, timeZone: string): string {
  const local = now.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')
  const [, offset] = now.toLocaleString('en-US', { timeZone, timeZoneName: 'longOffset' }).split('GMT')
  return local + (offset || 'Z')
}

export default server
