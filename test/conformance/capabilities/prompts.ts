import { acceptedContent, definePrompt, elicit, inputRequired, type PromptDefinition } from 'toolgate'
import { RED_PIXEL_PNG } from '../media.ts'

/** Prompts with and without arguments, with every kind of content, and one that asks first. */

export const simple: PromptDefinition = definePrompt({
  name: 'test_simple_prompt',
  description: 'A prompt without arguments.',
  run: () => 'This is a simple prompt for testing.',
})

export const withArguments: PromptDefinition = definePrompt({
  name: 'test_prompt_with_arguments',
  description: 'A prompt that repeats its two arguments.',
  input: {
    type: 'object',
    properties: {
      arg1: { type: 'string', description: 'First test argument' },
      arg2: { type: 'string', description: 'Second test argument' },
    },
    required: ['arg1', 'arg2'],
  },
  complete: { arg1: (typed) => ['paris', 'park', 'party', 'test'].filter((value) => value.startsWith(typed)) },
  run: ({ arg1, arg2 }) => `Prompt with arguments: arg1='${String(arg1)}', arg2='${String(arg2)}'`,
})

export const withEmbeddedResource: PromptDefinition = definePrompt({
  name: 'test_prompt_with_embedded_resource',
  description: 'A prompt with a resource inside.',
  input: {
    type: 'object',
    properties: { resourceUri: { type: 'string', description: 'URI of the resource to embed' } },
    required: ['resourceUri'],
  },
  run: ({ resourceUri }) => [
    {
      role: 'user',
      content: {
        type: 'resource',
        resource: {
          uri: String(resourceUri),
          mimeType: 'text/plain',
          text: 'Embedded resource content for testing.',
        },
      },
    },
    { role: 'user', content: { type: 'text', text: 'Please process the embedded resource above.' } },
  ],
})

export const withImage: PromptDefinition = definePrompt({
  name: 'test_prompt_with_image',
  description: 'A prompt with an image inside.',
  run: () => [
    { role: 'user', content: { type: 'image', data: RED_PIXEL_PNG, mimeType: 'image/png' } },
    { role: 'user', content: { type: 'text', text: 'Please analyze the image above.' } },
  ],
})

export const asking: PromptDefinition = definePrompt({
  name: 'test_input_required_result_prompt',
  description: 'A prompt that asks the user for its context.',
  run: (_input, { inputs }) => {
    if (inputs.user_context === undefined) {
      const form = { type: 'object', properties: { context: { type: 'string' } }, required: ['context'] }
      return inputRequired({ requests: { user_context: elicit('What context should the prompt use?', form) } })
    }
    const context = acceptedContent(inputs.user_context)?.context
    return context === undefined ? 'Go on without context.' : `Use this context: ${String(context)}`
  },
})
