import { z } from 'zod'
import {
  type Discriminable,
  type SharedConnectorInput,
  type SharedConnectorOptions,
  sharedConnectorOptions,
} from '../options.ts'

/** A connector of type `typescript` in the configuration. */
export interface TypeScriptConnectorOptions extends SharedConnectorOptions {
  readonly type: 'typescript'
  /** Absolute. */
  readonly path: string
  readonly prefix: string
}

/** The same as it may be written. */
export type TypeScriptConnectorInput = SharedConnectorInput &
  Omit<TypeScriptConnectorOptions, keyof SharedConnectorOptions | 'prefix'> & { readonly prefix?: string }

/** The options of a connector of type `typescript`, with their defaults. */
export const typescriptConnectorOptions: z.ZodType<
  TypeScriptConnectorOptions,
  unknown,
  Discriminable<TypeScriptConnectorOptions>
> = z.strictObject({
  ...sharedConnectorOptions,
  type: z.literal('typescript').describe('Kind of the connector.'),
  path: z
    .string()
    .min(1)
    .describe('Folder with TypeScript files, or one file, whose exported definitions are offered.'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]{0,32}$/, { error: 'at most 32 letters, digits, _ and -' })
    .default('')
    .describe('Text put before the name of each of its tools and prompts.'),
})
