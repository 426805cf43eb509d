import { z } from 'zod'
import {
  acceptedContent,
  type Definition,
  definePrompt,
  defineResource,
  defineTool,
  elicit,
  elicitUrl,
  inputRequired,
  sample,
  UserError,
} from '../../../src/index.ts'

/** What the raw suite calls: tools that misbehave, ask, wait and announce, so that the wire around them can be watched. */

const PUBLIC = { tags: ['public'] }
const NAME_FORM = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const KEY = z.object({ key: z.string() })

/** A promise for each key, resolved once. */
function createSignals(): { tell(key: string): void; told(key: string): Promise<void> } {
  const resolvers = new Map<string, () => void>()
  const promises = new Map<string, Promise<void>>()
  const told = (key: string): Promise<void> => {
    const known = promises.get(key)
    if (known !== undefined) return known
    const made = new Promise<void>((resolve) => resolvers.set(key, resolve))
    promises.set(key, made)
    return made
  }
  return {
    told,
    tell: (key) => {
      void told(key)
      resolvers.get(key)?.()
    },
  }
}

/** The capabilities, with memory of their own. */
export function rawCapabilities(): readonly Definition[] {
  return [
    ...plainTools(),
    ...failingTools(),
    ...runningTools(),
    ...askingTools(),
    ...taskTools(),
    ...resources(),
    ...prompts(),
  ]
}

function plainTools(): readonly Definition[] {
  return [
    defineTool({ name: 'echo', input: z.object({ text: z.string() }), ...PUBLIC, run: ({ text }) => text }),
    defineTool({
      name: 'add',
      input: z.strictObject({ a: z.number(), b: z.number() }),
      output: z.object({ sum: z.number() }),
      run: ({ a, b }) => ({ sum: a + b }),
    }),
    defineTool({
      name: 'links',
      run: () => [
        { type: 'resource_link' as const, uri: 'note://b', name: 'b', mimeType: 'text/plain', size: 5 },
        { type: 'text' as const, text: 'for you', annotations: { audience: ['user' as const], priority: 0.5 } },
      ],
    }),
    defineTool({
      name: 'nested',
      input: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: { tree: { $ref: '#/$defs/node' } },
        $defs: {
          node: { type: 'object', properties: { child: { $ref: '#/$defs/node' } }, additionalProperties: false },
        },
      },
      run: () => 'a tree',
    }),
    defineTool({
      name: 'region',
      input: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
      run: ({ region }) => String(region),
    }),
    defineTool({ name: 'who', ...PUBLIC, run: (_input, { caller, client, meta }) => ({ caller, client, meta }) }),
    defineTool({
      name: 'noisy',
      run: () => {
        console.log('this line is not of the protocol')
        process.stdout.write('{"jsonrpc":"2.0","id":1,"result":"forged"}\n')
        return 'first\nsecond\r\nthird\u2028fourth\u0000 grüße 👋'
      },
    }),
  ]
}

function failingTools(): readonly Definition[] {
  return [
    defineTool({
      name: 'wrong_output',
      output: z.object({ n: z.number() }),
      run: () => ({ n: 'password=hunter2' }) as never,
    }),
    defineTool({
      name: 'leak',
      run: (_input, { log }) => {
        log('info', 'about to fail')
        throw new Error('password=hunter2 in /srv/app/secret.ts')
      },
    }),
    defineTool({
      name: 'refuse',
      run: () => {
        throw new UserError('There is no invoice 17.')
      },
    }),
  ]
}

function runningTools(): readonly Definition[] {
  const cancelled = createSignals()
  return [
    defineTool({
      name: 'wait',
      input: KEY,
      run: ({ key }, { signal, log }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => cancelled.tell(key))
          log('info', 'started')
        }),
    }),
    defineTool({
      name: 'until_cancelled',
      input: KEY,
      run: async ({ key }) => {
        await cancelled.told(key)
        return 'it was cancelled'
      },
    }),
    defineTool({
      name: 'uneven_progress',
      run: (_input, { report }) => {
        for (const progress of [1, 1, 0, 2]) report({ progress, total: 2 })
        setImmediate(() => report({ progress: 3 }))
        return 'done'
      },
    }),
    defineTool({
      name: 'flood',
      run: (_input, { report }) => {
        for (let progress = 1; progress <= 5000; progress += 1) report({ progress })
        return 'done'
      },
    }),
    defineTool({
      name: 'endless',
      timeoutMs: 100,
      run: (_input, { report, signal }) =>
        new Promise(() => {
          let progress = 0
          const timer = setInterval(() => report({ progress: ++progress }), 20)
          signal.addEventListener('abort', () => clearInterval(timer))
        }),
    }),
    defineTool({
      name: 'announce',
      input: z.object({ kind: z.enum(['tools', 'prompts', 'resources', 'updated']), uri: z.string().optional() }),
      run: ({ kind, uri }, { notify }) => {
        if (kind === 'tools') notify.toolsChanged()
        if (kind === 'prompts') notify.promptsChanged()
        if (kind === 'resources') notify.resourcesChanged()
        if (kind === 'updated') notify.resourceUpdated(uri ?? '')
        return 'announced'
      },
    }),
  ]
}

function askingTools(): readonly Definition[] {
  const greet = (title: string) =>
    defineTool({
      name: title,
      input: z.object({ greeting: z.string().optional() }),
      run: ({ greeting = 'Hello' }, { inputs, state }) => {
        const name = acceptedContent(inputs.who)?.name
        if (name !== undefined && state !== undefined) return `${greeting}, ${String(name)}!`
        return inputRequired({ requests: { who: elicit('Who are you?', NAME_FORM) }, state: { asked: 1 } })
      },
    })
  return [
    greet('ask_name'),
    greet('ask_name_too'),
    defineTool({
      name: 'ask_page',
      run: () => inputRequired({ requests: { page: elicitUrl('Sign in.', 'https://idp.example/login') } }),
    }),
    defineTool({
      name: 'sample_with_tools',
      run: () => {
        const tools = [{ name: 'clock', inputSchema: { type: 'object' } }]
        const messages = [{ role: 'user' as const, content: { type: 'text', text: 'What time is it?' } }]
        return inputRequired({ requests: { model: sample({ messages, maxTokens: 10, tools }) } })
      },
    }),
  ]
}

/** The deadline of tasks is longer than the suite takes. */
const LONG = { timeoutMs: 600_000 }

function taskTools(): readonly Definition[] {
  const text = z.object({ text: z.string() })
  return [
    defineTool({ name: 'task_echo', task: 'optional', input: text, run: async (given) => given.text }),
    defineTool({ name: 'task_only', task: 'required', run: async () => 'done' }),
    defineTool({ name: 'task_endless', task: 'optional', ...LONG, run: () => new Promise<string>(() => {}) }),
    defineTool({
      name: 'task_refuse',
      task: 'optional',
      run: async () => {
        throw new UserError('There is no invoice 17.')
      },
    }),
    defineTool({
      name: 'task_ask',
      task: 'optional',
      run: async (_input, { inputs }) => {
        const name = acceptedContent(inputs.who)?.name
        if (name !== undefined) return `Hello, ${String(name)}!`
        return inputRequired({ requests: { who: elicit('Who are you?', NAME_FORM) } })
      },
    }),
  ]
}

function resources(): readonly Definition[] {
  return [
    defineResource({ name: 'a', uri: 'note://a', mimeType: 'text/plain', ...PUBLIC, read: () => 'alpha' }),
    defineResource({ name: 'b', uri: 'note://b', mimeType: 'text/plain', read: () => 'beta' }),
    defineResource({
      name: 'question',
      uri: 'note://question',
      read: (_uri, { inputs }) => {
        const name = acceptedContent(inputs.who)?.name
        return name === undefined
          ? inputRequired({ requests: { who: elicit('Who are you?', NAME_FORM) } })
          : `read by ${String(name)}`
      },
    }),
    defineResource({ name: 'file', uriTemplate: 'file:///docs/{name}', read: (_uri, { name }) => ({ name }) }),
    defineResource({ name: 'deep_file', uriTemplate: 'file:///tree/{+path}', read: (_uri, { path }) => ({ path }) }),
  ]
}

function prompts(): readonly Definition[] {
  const many = Array.from({ length: 250 }, (_, index) => `value ${index}`)
  return [
    definePrompt({
      name: 'greet',
      ...PUBLIC,
      input: z.object({ name: z.string(), tone: z.string().optional() }),
      complete: { name: () => many, tone: (typed) => ['warm', 'cold'].filter((tone) => tone.startsWith(typed)) },
      run: ({ name }) => `Greet ${name}.`,
    }),
    definePrompt({
      name: 'hidden',
      input: z.object({ code: z.string() }),
      complete: { code: () => ['s3cret'] },
      run: () => 'x',
    }),
  ]
}
