import { z } from 'zod'
import {
  type Discriminable,
  type SharedConnectorInput,
  type SharedConnectorOptions,
  sharedConnectorOptions,
} from '../options.ts'

/** A connector of type `skills` in the configuration. */
export interface SkillsConnectorOptions extends SharedConnectorOptions {
  readonly type: 'skills'
  /** Absolute. */
  readonly path: string
  readonly prefix: string
}

/** The same as it may be written. */
export type SkillsConnectorInput = SharedConnectorInput &
  Omit<SkillsConnectorOptions, keyof SharedConnectorOptions | 'prefix'> & { readonly prefix?: string }

/** The options of a connector of type `skills`, with their defaults. */
export const skillsConnectorOptions: z.ZodType<
  SkillsConnectorOptions,
  unknown,
  Discriminable<SkillsConnectorOptions>
> = z.strictObject({
  ...sharedConnectorOptions,
  type: z.literal('skills').describe('Kind of the connector.'),
  path: z.string().min(1).describe('Folder of skills: each is a folder with a SKILL.md.'),
  prefix: z
    .string()
    .regex(/^([a-z0-9]+(-[a-z0-9]+)*)?$/, { error: 'lower-case letters, digits and single hyphens' })
    .max(64)
    .default('')
    .describe('First segment of the URIs of its skills: `skill://<prefix>/<skill>/SKILL.md`.'),
})
