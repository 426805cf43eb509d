import { z } from 'zod'

/** What is counted of the use of tools. */
export interface UsageOptions {
  readonly enabled: boolean
  readonly maxTools: number
  readonly maxClients: number
  readonly maxSeries: number
  readonly maxRows: number
}

/** The options under `usage`, with their defaults. */
export const usageOptions: z.ZodType<UsageOptions> = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether a running server keeps count of calls in its storage, for `toolgate usage`.'),
  maxTools: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe('Tools that are told apart within a minute, the first ones that are called; the rest is `_OTHER`.'),
  maxClients: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe('Clients that are told apart within a minute, the first ones that call; the rest is `_OTHER`.'),
  maxSeries: z
    .int()
    .min(1)
    .max(10_000)
    .default(1_000)
    .describe('Combinations of tool, client and status that are told apart within a minute; the rest is `_OTHER`.'),
  maxRows: z
    .int()
    .min(1_000)
    .max(10_000_000)
    .default(200_000)
    .describe(
      'Rows that are kept, of about 100 bytes each; when there are more, the oldest ones go before their time.',
    ),
})
