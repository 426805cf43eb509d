import type { Operation, Version } from './cells.ts'

/** A request without credential and session. */
export interface Request {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the requests of one caller name. */
export interface Handles {
  /** A task of its own, and one of somebody else. */
  readonly ownTask: string
  readonly foreignTask: string
}

/** Whatever nobody has ever made. */
const UNKNOWN_TASK = '00000000-0000-4000-8000-000000000000'

const OPENING = { capabilities: {}, clientInfo: { name: 'matrix', version: '1' } }
const tool = (name: string): Asked => ({ method: 'tools/call', params: { name } })
const resource = (uri: string): Asked => ({ method: 'resources/read', params: { uri } })
const prompt = (name: string): Asked => ({ method: 'prompts/get', params: { name, arguments: { topic: 'a' } } })
const complete = (name: string): Asked => ({
  method: 'completion/complete',
  params: { ref: { type: 'ref/prompt', name }, argument: { name: 'topic', value: 'a' } },
})
const task = (method: 'get' | 'cancel', taskId: string): Asked => ({ method: `tasks/${method}`, params: { taskId } })

interface Asked {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

const PLAIN: Readonly<Partial<Record<Operation, Asked>>> = {
  'tools/list': { method: 'tools/list', params: {} },
  'resources/list': { method: 'resources/list', params: {} },
  'resources/templates/list': { method: 'resources/templates/list', params: {} },
  'prompts/list': { method: 'prompts/list', params: {} },
  'call read': tool('read_note'),
  'call write': tool('write_note'),
  'call admin': tool('admin_note'),
  'call hidden': tool('hidden_note'),
  'call unknown': tool('ghostly_note'),
  'read own': resource('note://acme/1'),
  'read foreign': resource('note://globex/1'),
  'read locked': resource('note://acme/locked'),
  'read template': resource('note://shared/7'),
  'read unknown': resource('note://ghost/1'),
  'prompt get': prompt('brief'),
  'prompt get hidden': prompt('plans'),
  'prompt get unknown': prompt('ghost'),
  complete: complete('brief'),
  'complete hidden': complete('plans'),
  'complete unknown': complete('ghost'),
}

/** What is asked for in that version. */
export function askedBy(operation: Operation, version: Version, { ownTask, foreignTask }: Handles): Asked {
  const isModern = version === '2026-07-28'
  switch (operation) {
    case 'discover':
      return isModern
        ? { method: 'server/discover', params: {} }
        : { method: 'initialize', params: { ...OPENING, protocolVersion: openedWith(version) } }
    case 'subscribe':
    case 'subscribe foreign': {
      const uri = operation === 'subscribe' ? 'note://acme/1' : 'note://globex/1'
      return isModern
        ? { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: [uri] } } }
        : { method: 'resources/subscribe', params: { uri } }
    }
    case 'task get':
      return task('get', ownTask)
    case 'task get foreign':
      return task('get', foreignTask)
    case 'task cancel foreign':
      return task('cancel', foreignTask)
    case 'task get unknown':
      return task('get', UNKNOWN_TASK)
    default:
      return PLAIN[operation] as Asked
  }
}

/** The version with which the session of a cell is opened. */
export function openedWith(version: Version): string {
  return version === 'none' ? '2025-11-25' : version
}

let count = 0

/** Writes a request as its version has it. */
export function writeRequest({ method, params }: Asked, version: Version): Request {
  count += 1
  if (version !== '2026-07-28') {
    const headers = version === 'none' || method === 'initialize' ? {} : { 'mcp-protocol-version': version }
    return { headers, body: JSON.stringify({ jsonrpc: '2.0', id: count, method, params }) }
  }
  const name = params.name ?? params.uri ?? params.taskId
  return {
    headers: {
      'mcp-protocol-version': version,
      'mcp-method': method,
      ...(typeof name === 'string' && method !== 'completion/complete' ? { 'mcp-name': name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: count, method, params: { ...params, _meta: ENVELOPE } }),
  }
}

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
  'io.modelcontextprotocol/clientInfo': { name: 'matrix', version: '1' },
}
