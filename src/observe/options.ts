import { z } from 'zod'

/** What is logged. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** The options under `log`, with their defaults. */
export const logOptions: z.ZodType<LogOptions> = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severity of the lines written to stderr; every call is one line of `info`.'),
})
