import { z } from 'zod'

/** What is logged. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** What is measured, and where it can be read. */
export interface MetricsOptions {
  readonly enabled: boolean
  readonly path: string
  readonly maxClients: number
}

/** The options under `log`, with their defaults. */
export const logOptions: z.ZodType<LogOptions> = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severity of the lines written to stderr; every call is one line of `info`.'),
})

const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]+$/

/** The options under `metrics`, with their defaults. */
export const metricsOptions: z.ZodType<MetricsOptions> = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether anything is measured; see docs/how-to/watch-a-server.md.'),
  path: z
    .string()
    .regex(PATH, { error: 'a path that starts with /, such as /metrics, without query or spaces' })
    .default('/metrics')
    .describe('Path at which holders of the scope `toolgate:metrics` read the metrics over HTTP.'),
  maxClients: z
    .int()
    .min(0)
    .max(10_000)
    .default(50)
    .describe('Clients that are counted by name, the first so many that call; the others are `_OTHER` together.'),
})
