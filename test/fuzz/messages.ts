import type { Random } from './random.ts'

/** A valid message. */
export interface Message {
  readonly jsonrpc: '2.0'
  readonly id?: unknown
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: unknown
}

/** What only the server can have made, for the one who sends and for somebody else. */
export interface Handed {
  readonly cursor: string
  readonly state: string
  readonly taskId: string
}

const META = 'io.modelcontextprotocol'

/** The envelope of revision 2026-07-28. */
const ENVELOPE = {
  [`${META}/protocolVersion`]: '2026-07-28',
  [`${META}/clientCapabilities`]: { elicitation: {}, extensions: { [`${META}/tasks`]: {} } },
  [`${META}/clientInfo`]: { name: 'fuzz', version: '0' },
  [`${META}/logLevel`]: 'debug',
}

type Draft = readonly [method: string, params: Record<string, unknown>]

/** A valid request of the modern era. `handed` are cursors and states, own and foreign. */
export function modernMessage(id: unknown, random: Random, handed: readonly Handed[]): Message {
  const [method, params] = random.pick([...drafts(random, handed), ...modernDrafts(random, handed)])
  const progress = random.chance(0.3) ? { progressToken: `p-${String(id)}` } : {}
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...ENVELOPE, ...progress } } }
}

/** A valid message of the legacy era, within its session. */
export function legacyMessage(id: unknown, random: Random, handed: readonly Handed[]): Message {
  if (random.chance(0.08)) return random.pick(legacyAsides(id))
  const [method, params] = random.pick([...drafts(random, handed), ...legacyDrafts(random, handed)])
  const progress = random.chance(0.3) ? { _meta: { progressToken: 7 } } : {}
  return { jsonrpc: '2.0', id, method, params: { ...params, ...progress } }
}

/** `initialize`. */
export function openingMessage(id: unknown, random: Random): Message {
  const protocolVersion = random.pick(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])
  const capabilities = random.chance(0.5) ? { elicitation: {} } : {}
  const clientInfo = { name: 'fuzz', version: '0' }
  return { jsonrpc: '2.0', id, method: 'initialize', params: { protocolVersion, capabilities, clientInfo } }
}

function drafts(random: Random, handed: readonly Handed[]): Draft[] {
  const { cursor } = random.pick(handed)
  const name = random.pick(['echo', 'whoami', 'fail', 'fail_oddly', 'lie', 'report', 'ask'])
  const args = random.chance(0.5) ? { text: 'hello', count: 3, any: { deep: [1, { a: null }] } } : {}
  const uri = random.pick(['db://a', 'db://bob', 'db://customers/17', 'db://customers/a%20b', 'db://none'])
  const ref = random.pick([
    { type: 'ref/prompt', name: 'greet' },
    { type: 'ref/resource', uri: 'db://customers/{id}' },
  ])
  const argument = { name: random.pick(['name', 'id']), value: 'x' }
  return [
    ['tools/call', { name, arguments: args }],
    ['tools/call', { name }],
    ['tools/list', random.chance(0.5) ? { cursor } : {}],
    ['resources/list', random.chance(0.5) ? { cursor } : {}],
    ['resources/templates/list', {}],
    ['resources/read', { uri }],
    ['prompts/list', {}],
    ['prompts/get', { name: random.pick(['greet', 'break']), arguments: { name: 'Ann' } }],
    ['completion/complete', { ref, argument, context: { arguments: { id: '1' } } }],
    ['skills/list', random.chance(0.5) ? { cursor } : {}],
    ['skills/get', { uri: random.pick(['skill://tidy/SKILL.md', 'skill://bobs/SKILL.md', 'skill://none/SKILL.md']) }],
    ['resources/directory/read', { uri: random.pick(['skill://tidy', 'skill://tidy/notes', 'skill://bobs/notes']) }],
    ['resources/read', { uri: random.pick(['skill://tidy/notes/a.md', 'skill://bobs/SKILL.md']) }],
  ]
}

function modernDrafts(random: Random, handed: readonly Handed[]): Draft[] {
  const { state: requestState, taskId } = random.pick(handed)
  const inputResponses = { who: { action: 'accept', content: { name: 'Ann' } } }
  const notifications = { toolsListChanged: true, resourceSubscriptions: ['db://a', 'db://bob'] }
  return [
    ['server/discover', {}],
    ['tools/call', { name: 'ask', requestState, inputResponses }],
    ['tools/call', { name: 'ask', inputResponses }],
    ['subscriptions/listen', { notifications }],
    ['tools/call', { name: 'work' }],
    ['tasks/get', { taskId }],
    ['tasks/update', { taskId, inputResponses: { 'who-1': inputResponses.who } }],
    ['tasks/cancel', { taskId }],
  ]
}

function legacyDrafts(random: Random, handed: readonly Handed[]): Draft[] {
  const { cursor, taskId } = random.pick(handed)
  return [
    ['tools/call', { name: random.pick(['work', 'echo']), task: random.pick([{}, { ttl: 60_000 }]) }],
    ['tasks/get', { taskId }],
    ['tasks/result', { taskId }],
    ['tasks/list', random.chance(0.5) ? { cursor } : {}],
    ['tasks/cancel', { taskId }],
    ['ping', {}],
    ['logging/setLevel', { level: 'debug' }],
    ['resources/subscribe', { uri: 'db://a' }],
    ['resources/subscribe', { uri: 'db://bob' }],
    ['resources/unsubscribe', { uri: 'db://a' }],
  ]
}

function legacyAsides(id: unknown): Message[] {
  return [
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason: 'none' } },
    { jsonrpc: '2.0', id: 'ask-1', result: { action: 'accept', content: { name: 'Eve' } } },
    { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
  ]
}
