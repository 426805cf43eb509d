import { z } from 'zod'

/** What every connector of the configuration has beside the options of its type. */
export interface SharedConnectorOptions {
  readonly name: string
  /** Whether nothing is served without it. */
  readonly required: boolean
}

/** The same as it may be written. */
export interface SharedConnectorInput {
  readonly name: string
  readonly required?: boolean
}

/** A schema that a discriminated union can tell by `type`. */
export type Discriminable<Options> = z.core.$ZodTypeInternals<Options> & {
  propValues: z.core.util.PropValues
}

interface SharedShape {
  readonly name: z.ZodString
  readonly required: z.ZodDefault<z.ZodBoolean>
}

/** The shared options, to be spread into the strict object of each type. */
export const sharedConnectorOptions: SharedShape = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/, { error: 'a name in kebab-case or snake_case, such as crm-tools' })
    .max(64)
    .describe('Unique name of the connector.'),
  required: z
    .boolean()
    .default(true)
    .describe(
      'Whether nothing is served without it. One that is not required and cannot connect is tried again while the rest is served.',
    ),
}
