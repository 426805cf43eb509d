/** How a subject is spoken to: which requests open a conversation, and what a call looks like. */
export type Form =
  /** Revision 2026-07-28: headers and an envelope in `_meta`, no handshake. */
  | 'modern'
  /** A legacy call without any handshake, for servers that keep no sessions. */
  | 'stateless'
  /** `initialize`, then calls that carry the session id; one session for each connection. */
  | 'session'

/** Where the load goes and how. */
export interface Target {
  readonly port: number
  readonly path: string
  readonly form: Form
  /** The legacy revision spoken; `modern` has its own. */
  readonly legacyVersion: string
  /** Headers beside those of the protocol, such as the API key. */
  readonly headers: Readonly<Record<string, string>>
}

const MODERN_VERSION = '2026-07-28'
const CLIENT = { name: 'toolgate-bench', version: '1.0.0' }

/** One `tools/call` of `add` as bytes; `id` also decides the numbers, so that no answer can be taken for another. */
export function toCallRequest(target: Target, id: number, sessionId?: string): Buffer {
  const params = { name: 'add', arguments: { a: id, b: SECOND_NUMBER } }
  return toToolRequest(target, { id, params, sessionId })
}

/** A call of the tool that has the server tell every open stream that its list of tools has changed. */
export function toAnnounceRequest(target: Target, sessionId?: string): Buffer {
  return toToolRequest(target, { id: 1, params: { name: 'announce', arguments: {} }, sessionId })
}

/** A subscription of a modern client to changes of the list of tools. */
export function toListenRequest(target: Target, id: number): Buffer {
  const params = { notifications: { toolsListChanged: true }, _meta: ENVELOPE }
  const message = { jsonrpc: '2.0', id, method: 'subscriptions/listen', params }
  return toRequest(target, message, {
    'mcp-protocol-version': MODERN_VERSION,
    'mcp-method': 'subscriptions/listen',
  })
}

/** The stream of a legacy session. */
export function toStreamRequest(target: Target, sessionId: string): Buffer {
  const headers = { ...target.headers, ...toLegacyHeaders(target, sessionId), accept: 'text/event-stream' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET ${target.path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\n${lines.join('')}\r\n`)
}

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientInfo': CLIENT,
  'io.modelcontextprotocol/clientCapabilities': {},
}

function toToolRequest(
  target: Target,
  call: { id: number; params: { name: string; arguments: object }; sessionId: string | undefined },
): Buffer {
  const { id, params, sessionId } = call
  if (target.form !== 'modern') {
    return toRequest(target, { jsonrpc: '2.0', id, method: 'tools/call', params }, toLegacyHeaders(target, sessionId))
  }
  const message = { jsonrpc: '2.0', id, method: 'tools/call', params: { ...params, _meta: ENVELOPE } }
  const headers = { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': 'tools/call', 'mcp-name': params.name }
  return toRequest(target, message, headers)
}

/** The sum the call with this `id` must be answered with. */
export function sumOf(id: number): number {
  return id + SECOND_NUMBER
}

const SECOND_NUMBER = 0.5

export function toInitializeRequest(target: Target): Buffer {
  const params = { protocolVersion: target.legacyVersion, capabilities: { elicitation: {} }, clientInfo: CLIENT }
  return toRequest(target, { jsonrpc: '2.0', id: 1, method: 'initialize', params }, {})
}

export function toInitializedNotification(target: Target, sessionId: string): Buffer {
  const message = { jsonrpc: '2.0', method: 'notifications/initialized' }
  return toRequest(target, message, toLegacyHeaders(target, sessionId))
}

function toLegacyHeaders(target: Target, sessionId: string | undefined): Record<string, string> {
  const version = { 'mcp-protocol-version': target.legacyVersion }
  return sessionId === undefined ? version : { ...version, 'mcp-session-id': sessionId }
}

function toRequest(target: Target, message: unknown, headers: Record<string, string>): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const lines = Object.entries({
    host: `127.0.0.1:${target.port}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...target.headers,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST ${target.path} HTTP/1.1\r\n${lines.join('')}\r\n`), body])
}
