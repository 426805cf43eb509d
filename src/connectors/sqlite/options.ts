import { z } from 'zod'
import {
  type Discriminable,
  type SharedConnectorInput,
  type SharedConnectorOptions,
  sharedConnectorOptions,
} from '../options.ts'
import { prefixOption, type SqlInput, type SqlOptions, sqlOptions } from '../sql/options.ts'

/** A connector of type `sqlite` in the configuration. */
export interface SqliteConnectorOptions extends SharedConnectorOptions, SqlOptions {
  readonly type: 'sqlite'
  /** Absolute. */
  readonly path: string
  readonly prefix?: string
  readonly readers: number
}

/** The same as it may be written. */
export type SqliteConnectorInput = SharedConnectorInput &
  SqlInput & { readonly type: 'sqlite'; readonly path: string; readonly prefix?: string; readonly readers?: number }

/** The options of a connector of type `sqlite`, with their defaults. */
export const sqliteConnectorOptions: z.ZodType<
  SqliteConnectorOptions,
  unknown,
  Discriminable<SqliteConnectorOptions>
> = z.strictObject({
  ...sharedConnectorOptions,
  type: z.literal('sqlite').describe('Kind of the connector.'),
  path: z.string().min(1).describe('The database file.'),
  prefix: prefixOption,
  readers: z
    .int()
    .min(2)
    .max(32)
    .default(3)
    .describe('Processes that read at once, each with the file open; one of them is kept for cheap statements.'),
  ...sqlOptions,
})
