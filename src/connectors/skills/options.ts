import { z } from 'zod'

/** A connector of type `skills` in the configuration. */
export interface SkillsConnectorOptions {
  readonly name: string
  readonly type: 'skills'
  /** Absolute. */
  readonly path: string
  readonly prefix: string
}

/** The same as it may be written. */
export type SkillsConnectorInput = Omit<SkillsConnectorOptions, 'prefix'> & { readonly prefix?: string }

/** A schema that a discriminated union can tell by `type`. */
type Discriminable = z.core.$ZodTypeInternals<SkillsConnectorOptions> & {
  propValues: z.core.util.PropValues
}

/** The options of a connector of type `skills`, with their defaults. */
export const skillsConnectorOptions: z.ZodType<SkillsConnectorOptions, unknown, Discriminable> = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/, { error: 'a name in kebab-case or snake_case, such as crm-tools' })
    .max(64)
    .describe('Unique name of the connector.'),
  type: z.literal('skills').describe('Kind of the connector.'),
  path: z.string().min(1).describe('Folder of skills: each is a folder with a SKILL.md.'),
  prefix: z
    .string()
    .regex(/^([a-z0-9]+(-[a-z0-9]+)*)?$/, { error: 'lower-case letters, digits and single hyphens' })
    .max(64)
    .default('')
    .describe('First segment of the URIs of its skills: `skill://<prefix>/<skill>/SKILL.md`.'),
})
