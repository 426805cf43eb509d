import { defineTool, type ToolDefinition } from 'toolgate'
import { FOUR_SAMPLES_WAV, RED_PIXEL_PNG } from '../media.ts'

/** Every kind of content a tool can answer with, and every shape of arguments the suite asks about. */

export const simpleText: ToolDefinition = defineTool({
  name: 'test_simple_text',
  description: 'Answers with one text.',
  run: () => 'This is a simple text response for testing.',
})

export const imageContent: ToolDefinition = defineTool({
  name: 'test_image_content',
  description: 'Answers with one image.',
  run: () => [{ type: 'image', data: RED_PIXEL_PNG, mimeType: 'image/png' }],
})

export const audioContent: ToolDefinition = defineTool({
  name: 'test_audio_content',
  description: 'Answers with one sound.',
  run: () => [{ type: 'audio', data: FOUR_SAMPLES_WAV, mimeType: 'audio/wav' }],
})

export const embeddedResource: ToolDefinition = defineTool({
  name: 'test_embedded_resource',
  description: 'Answers with a resource inside the result.',
  run: () => [
    {
      type: 'resource',
      resource: {
        uri: 'test://embedded-resource',
        mimeType: 'text/plain',
        text: 'This is an embedded resource content.',
      },
    },
  ],
})

export const multipleContentTypes: ToolDefinition = defineTool({
  name: 'test_multiple_content_types',
  description: 'Answers with a text, an image and a resource.',
  run: () => [
    { type: 'text', text: 'Multiple content types test:' },
    { type: 'image', data: RED_PIXEL_PNG, mimeType: 'image/png' },
    {
      type: 'resource',
      resource: {
        uri: 'test://mixed-content-resource',
        mimeType: 'application/json',
        text: JSON.stringify({ test: 'data', value: 123 }),
      },
    },
  ],
})

export const errorHandling: ToolDefinition = defineTool({
  name: 'test_error_handling',
  description: 'Always fails.',
  run: () => {
    throw new Error('This tool intentionally throws.')
  },
})

export const jsonSchema: ToolDefinition = defineTool({
  name: 'json_schema_2020_12_tool',
  description: 'Takes a contact; its schema uses references, composition and conditions.',
  input: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: {
      address: {
        $anchor: 'addressDef',
        type: 'object',
        properties: { street: { type: 'string' }, city: { type: 'string' } },
      },
    },
    properties: {
      name: { type: 'string' },
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: { type: 'string' },
      email: { type: 'string' },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  },
  run: (contact) => `Contact: ${JSON.stringify(contact)}`,
})

export const mirroredParameter: ToolDefinition = defineTool({
  name: 'test_x_mcp_header',
  description: 'Takes a region that clients mirror into an HTTP header.',
  input: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
  run: ({ region }) => `Region: ${String(region ?? 'none')}`,
})
