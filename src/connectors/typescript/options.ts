import { z } from 'zod'

/** A connector of type `typescript` in the configuration. */
export interface TypeScriptConnectorOptions {
  readonly name: string
  readonly type: 'typescript'
  /** Absolute. */
  readonly path: string
  readonly prefix: string
}

/** The same as it may be written. */
export type TypeScriptConnectorInput = Omit<TypeScriptConnectorOptions, 'prefix'> & { readonly prefix?: string }

/** A schema that a discriminated union can tell by `type`. */
type Discriminable = z.core.$ZodTypeInternals<TypeScriptConnectorOptions> & {
  propValues: z.core.util.PropValues
}

/** The options of a connector of type `typescript`, with their defaults. */
export const typescriptConnectorOptions: z.ZodType<TypeScriptConnectorOptions, unknown, Discriminable> = z.strictObject(
  {
    name: z
      .string()
      .regex(/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/, { error: 'a name in kebab-case or snake_case, such as crm-tools' })
      .max(64)
      .describe('Unique name of the connector.'),
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
  },
)
