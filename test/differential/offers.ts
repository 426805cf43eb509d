import { z } from 'zod'

/** Schemas and values that both servers share, so that only the servers differ. */

export const IDENTITY: { name: string; version: string } = { name: 'differential', version: '1.0.0' }

export const ECHO_INPUT: Record<string, unknown> = {
  type: 'object',
  properties: { text: { type: 'string', description: 'What to say.' } },
  required: ['text'],
}

export const ADD_INPUT: Record<string, unknown> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: { a: { $ref: '#/$defs/operand' }, b: { $ref: '#/$defs/operand' } },
  required: ['a', 'b'],
  additionalProperties: false,
  $defs: { operand: { type: 'number' } },
}

export const ADD_OUTPUT: Record<string, unknown> = {
  type: 'object',
  properties: { sum: { type: 'number' } },
  required: ['sum'],
}

export const GREET_ARGUMENTS: z.ZodObject<{ name: z.ZodString; tone: z.ZodOptional<z.ZodString> }> = z.object({
  name: z.string().describe('Whom to greet.'),
  tone: z.string().optional(),
})

export const NAME_FORM: { type: 'object'; properties: { name: { type: 'string' } }; required: string[] } = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
}

export const CITIES: readonly string[] = ['berlin', 'bern', 'paris']
export const TONES: readonly string[] = ['warm', 'cold']

/** One transparent pixel, PNG. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

export const LINK: { type: 'resource_link'; uri: string; name: string; mimeType: string } = {
  type: 'resource_link',
  uri: 'note://text',
  name: 'text',
  mimeType: 'text/plain',
}
