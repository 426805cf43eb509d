import { z } from 'zod'
import {
  type Discriminable,
  type SharedConnectorInput,
  type SharedConnectorOptions,
  sharedConnectorOptions,
} from '../options.ts'

/** A connector of type `sdk` in the configuration. */
export interface SdkConnectorOptions extends SharedConnectorOptions {
  readonly type: 'sdk'
  /** Absolute. */
  readonly path: string
  readonly prefix: string
}

/** The same as it may be written. */
export type SdkConnectorInput = SharedConnectorInput &
  Omit<SdkConnectorOptions, keyof SharedConnectorOptions | 'prefix'> & { readonly prefix?: string }

/** The options of a connector of type `sdk`, with their defaults. */
export const sdkConnectorOptions: z.ZodType<
  SdkConnectorOptions,
  unknown,
  Discriminable<SdkConnectorOptions>
> = z.strictObject({
  ...sharedConnectorOptions,
  type: z.literal('sdk').describe('Kind of the connector.'),
  path: z.string().min(1).describe('File whose default export is a server object of the official SDK, version 1 or 2.'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]{0,32}$/, { error: 'at most 32 letters, digits, _ and -' })
    .default('')
    .describe('Text put before the name of each of its tools and prompts.'),
})
