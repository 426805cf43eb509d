import {
  acceptedContent,
  type Definition,
  definePrompt,
  defineResource,
  defineTool,
  elicit,
  inputRequired,
} from '../../src/index.ts'
import { ADD_INPUT, ADD_OUTPUT, CITIES, ECHO_INPUT, GREET_ARGUMENTS, LINK, NAME_FORM, PIXEL, TONES } from './offers.ts'

/** What both servers offer, written for Toolgate. */
export function toolgateOffers(): readonly Definition[] {
  return [
    defineTool({
      name: 'echo',
      title: 'Echo',
      description: 'Says it again.',
      annotations: { readOnlyHint: true },
      meta: { 'com.example/kind': 'parrot' },
      input: ECHO_INPUT,
      run: ({ text }) => String(text),
    }),
    defineTool({
      name: 'add',
      description: 'Adds two numbers.',
      input: ADD_INPUT,
      output: ADD_OUTPUT,
      run: ({ a, b }) => ({ sum: Number(a) + Number(b) }),
    }),
    defineTool({ name: 'mixed', description: 'Every kind of content.', run: () => mixedContent() }),
    defineTool({
      name: 'broken',
      description: 'Throws.',
      run: () => {
        throw new Error('connection to db://root:hunter2@intern failed')
      },
    }),
    defineTool({
      name: 'wrong_output',
      description: 'Breaks its own schema.',
      output: ADD_OUTPUT,
      run: () => ({ sum: 'three' }) as never,
    }),
    defineTool({
      name: 'report',
      description: 'Reports progress.',
      run: async (_input, { report }) => {
        report({ progress: 1, total: 2, message: 'half' })
        report({ progress: 2, total: 2 })
        return 'reported'
      },
    }),
    defineTool({
      name: 'ask',
      description: 'Asks for a name.',
      run: (_input, { inputs }) => {
        const name = acceptedContent(inputs.who)?.name
        if (name !== undefined) return `Hello, ${String(name)}!`
        return inputRequired({ requests: { who: elicit('Who are you?', NAME_FORM) } })
      },
    }),
    defineResource({
      name: 'text',
      uri: 'note://text',
      title: 'A text',
      description: 'Some text.',
      mimeType: 'text/plain',
      read: () => 'hello',
    }),
    defineResource({
      name: 'bytes',
      uri: 'note://bytes',
      mimeType: 'image/png',
      read: () => Buffer.from(PIXEL, 'base64'),
    }),
    defineResource({
      name: 'city',
      uriTemplate: 'city://{name}',
      description: 'A city.',
      mimeType: 'text/plain',
      complete: { name: (typed) => CITIES.filter((city) => city.startsWith(typed)) },
      read: (_uri, { name }) => `The city of ${name}.`,
    }),
    definePrompt({
      name: 'greet',
      title: 'Greeting',
      description: 'Greets somebody.',
      input: GREET_ARGUMENTS,
      complete: { tone: (typed) => TONES.filter((tone) => tone.startsWith(typed)) },
      run: ({ name, tone }) => `Greet ${name}${tone === undefined ? '' : `, ${tone}`}.`,
    }),
  ]
}

function mixedContent() {
  return [
    { type: 'text' as const, text: 'text', annotations: { audience: ['user' as const], priority: 1 } },
    { type: 'image' as const, data: PIXEL, mimeType: 'image/png' },
    { type: 'resource' as const, resource: { uri: 'note://text', mimeType: 'text/plain', text: 'hello' } },
    LINK,
  ]
}
