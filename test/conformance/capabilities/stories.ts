import {
  acceptedContent,
  definePrompt,
  defineResource,
  defineTool,
  elicit,
  inputRequired,
  type PromptDefinition,
  type ResourceDefinition,
  type ToolDefinition,
} from 'toolgate'

/** Beside the suite's: what the end-to-end stories with real clients are told about. */

/** How often a running `hang` learned that nobody waits any more. */
let cancellations = 0

export const add: ToolDefinition = defineTool({
  name: 'add',
  description: 'Adds two numbers.',
  input: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
  output: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
  annotations: { readOnlyHint: true, idempotentHint: true },
  run: ({ a, b }) => ({ sum: (a as number) + (b as number) }),
})

export const hang: ToolDefinition = defineTool({
  name: 'hang',
  description: 'Answers only when it is cancelled. Reports progress once, as soon as it runs.',
  timeoutMs: 3_600_000,
  run: (_input, context) =>
    new Promise<string>((resolve) => {
      const stop = (): void => {
        cancellations += 1
        context.notify.resourceUpdated('test://cancellations')
        resolve('Cancelled.')
      }
      if (context.signal.aborted) return stop()
      context.signal.addEventListener('abort', stop)
      context.report({ progress: 0, message: 'Waiting to be cancelled.' })
    }),
})

export const cancelled: ResourceDefinition = defineResource({
  name: 'cancellations',
  description: 'How many calls of `hang` learned that they were cancelled.',
  uri: 'test://cancellations',
  mimeType: 'text/plain',
  read: () => String(cancellations),
})

export const leak: ToolDefinition = defineTool({
  name: 'leak',
  description: 'Fails with an error that has a secret in its text, its cause and its members.',
  run: () => failWithSecret(),
})

export const leakyResource: ResourceDefinition = defineResource({
  name: 'leak',
  description: 'Fails with an error that has a secret in its text, its cause and its members.',
  uri: 'test://leak',
  read: () => failWithSecret(),
})

export const leakyPrompt: PromptDefinition = definePrompt({
  name: 'leak',
  description: 'Fails with an error that has a secret in its text, its cause and its members; so does its completion.',
  input: { type: 'object', properties: { word: { type: 'string' } } },
  complete: { word: () => failWithSecret() },
  run: () => failWithSecret(),
})

export const touchWatched: ToolDefinition = defineTool({
  name: 'touch_watched_resource',
  description: 'Announces that test://watched-resource and test://static-text changed.',
  run: (_input, { notify }) => {
    notify.resourceUpdated('test://static-text')
    notify.resourceUpdated('test://watched-resource')
    return 'The changes were announced.'
  },
})

export const yourName: ResourceDefinition = defineResource({
  name: 'your-name',
  description: 'A greeting that asks for the name first.',
  uri: 'test://your-name',
  mimeType: 'text/plain',
  read: (_uri, { inputs }) => {
    const name = acceptedContent(inputs.name)?.name
    if (inputs.name !== undefined) return `Hello, ${String(name ?? 'whoever you are')}!`
    const form = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    return inputRequired({ requests: { name: elicit('What is your name?', form) } })
  },
})

function failWithSecret(): never {
  const cause = new Error('connect postgres://root:hunter2@10.0.0.7')
  throw Object.assign(new Error('password=hunter2', { cause }), { code: 'hunter2', data: { password: 'hunter2' } })
}
