import { z } from 'zod'

/** Selects capabilities; all given parts must match. */
export interface SelectorOptions {
  readonly name?: string
  readonly tag?: string
  readonly readOnly?: boolean
  readonly connector?: string
}

/** Selects capabilities by what their definitions say. */
export const selector: z.ZodType<SelectorOptions> = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .exactOptional()
      .describe('Name of a tool or prompt or URI of a resource; `*` stands for any text, `?` for one character.'),
    tag: z.string().min(1).exactOptional().describe('A tag of the capability.'),
    readOnly: z.boolean().exactOptional().describe('Whether the capability only reads.'),
    connector: z.string().min(1).exactOptional().describe('Name of the connector it comes from.'),
  })
  .refine((given) => Object.keys(given).length > 0, {
    error: 'at least one of name, tag, readOnly and connector',
  })
