import { ToolgateError } from '../errors.ts'
import { type AnsweredError, hintFor, toCallFailure } from './call-failure.ts'

const REVISION = '2026-07-28'
const PAGES_AT_MOST = 1000

/** Which server to ask, and as whom. */
export interface Remote {
  readonly url: string
  readonly key: string | undefined
  /** Version of this command line, told to the server. */
  readonly version: string
  /** Takes progress and log notifications of the running call. */
  readonly onNotification: (notification: Notification) => void
}

/** A message of the server that wants no answer. */
export interface Notification {
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>>
}

/** One request of revision 2026-07-28 over Streamable HTTP. */
export interface RemoteRequest {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** The name that is mirrored into a header, for methods that have one. */
  readonly name?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A tool as a server lists it. */
export interface RemoteTool {
  readonly name: string
  readonly inputSchema?: unknown
}

/** A tool as a server lists it. */
export interface RemoteTool {
  readonly name: string
  readonly inputSchema?: unknown
}

type Result = Readonly<Record<string, unknown>>

/**
 * Calls a tool of a running server. Rejects with `NOT_REACHABLE`, `UNAUTHENTICATED` or what the server answered.
 * Arguments that the server wants mirrored into headers are looked up only when it complains that they are missing.
 */
export async function callRemoteTool(remote: Remote, name: string, args: object): Promise<Result> {
  const request = { method: 'tools/call', params: { name, arguments: args }, name }
  try {
    return await requestRemote(remote, request)
  } catch (thrown) {
    if (!(thrown instanceof ToolgateError) || thrown.code !== 'HEADER_MISMATCH') throw thrown
    return requestRemote(remote, { ...request, headers: await mirroredArguments(remote, name, args) })
  }
}

/** Sends one request and answers its result. */
async function requestRemote(remote: Remote, request: RemoteRequest): Promise<Result> {
  const response = await post(remote, request)
  const message = await readMessage(response, remote)
  if (message.error !== undefined) throw toCallFailure(message.error, response.status)
  if (message.result === undefined) throw notMcp(remote.url, response)
  return message.result
}

async function post(remote: Remote, { method, params, name, headers }: RemoteRequest): Promise<Response> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': REVISION,
    'io.modelcontextprotocol/clientInfo': { name: 'toolgate', version: remote.version },
    'io.modelcontextprotocol/clientCapabilities': {},
    progressToken: 'toolgate',
  }
  try {
    return await fetch(remote.url, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': REVISION,
        'mcp-method': method,
        ...(name === undefined ? {} : { 'mcp-name': headerValue(name) }),
        ...(remote.key === undefined ? {} : { authorization: `Bearer ${remote.key}` }),
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
    })
  } catch (cause) {
    throw notReachable(remote.url, cause)
  }
}

function notReachable(url: string, cause: unknown): ToolgateError {
  const inner = cause instanceof Error ? (cause.cause as { code?: string; message?: string } | undefined) : undefined
  const why = inner?.code ?? inner?.message ?? (cause instanceof Error ? cause.message : String(cause))
  return new ToolgateError({
    code: 'NOT_REACHABLE',
    message: `Nothing that speaks HTTP answers at ${url} (${why}).`,
    hint: 'Start the server with `toolgate serve` and take the URL that it prints.',
    cause,
  })
}

interface Message {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Result
  readonly error?: AnsweredError
}

async function readMessage(response: Response, remote: Remote): Promise<Message> {
  const type = response.headers.get('content-type') ?? ''
  try {
    if (type.startsWith('text/event-stream')) return await readStream(response, remote)
    return JSON.parse(await response.text()) as Message
  } catch {
    throw notMcp(remote.url, response)
  }
}

async function readStream(response: Response, remote: Remote): Promise<Message> {
  let pending = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    pending += decoder.decode(chunk, { stream: true })
    const events = pending.split(/\r?\n\r?\n/)
    pending = events.pop() ?? ''
    for (const event of events) {
      const message = readEvent(event)
      if (message === undefined) continue
      if (message.method === undefined) return message
      remote.onNotification({
        method: message.method,
        ...(message.params === undefined ? {} : { params: message.params }),
      })
    }
  }
  throw new Error('the stream ended without an answer')
}

function readEvent(event: string): Message | undefined {
  const data = event
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n')
  return data === '' ? undefined : (JSON.parse(data) as Message)
}

function notMcp(url: string, response: Response): ToolgateError {
  if (response.status === 401) {
    return new ToolgateError({
      code: 'UNAUTHENTICATED',
      message: `${url} wants a credential.`,
      ...hintFor('UNAUTHENTICATED'),
    })
  }
  return new ToolgateError({
    code: 'NOT_REACHABLE',
    message: `${url} answered with status ${response.status}, but not as an MCP server.`,
    hint: 'Is it the whole endpoint? It usually ends in /mcp.',
  })
}

async function mirroredArguments(remote: Remote, name: string, args: object): Promise<Record<string, string>> {
  const tools = await listRemoteTools(remote)
  const headers: Record<string, string> = {}
  collectHeaders(tools.find((tool) => tool.name === name)?.inputSchema, args, headers)
  return headers
}

/** Every tool that the key is offered. */
export async function listRemoteTools(remote: Remote): Promise<readonly RemoteTool[]> {
  const tools: RemoteTool[] = []
  let cursor: unknown
  for (let page = 0; page < PAGES_AT_MOST; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const listed = await requestRemote(remote, { method: 'tools/list', params })
    tools.push(...((listed.tools ?? []) as RemoteTool[]))
    cursor = listed.nextCursor
    if (cursor === undefined) break
  }
  return tools
}

function collectHeaders(schema: unknown, value: unknown, headers: Record<string, string>): void {
  const properties = (schema as { properties?: Record<string, Record<string, unknown>> } | undefined)?.properties ?? {}
  for (const [name, property] of Object.entries(properties)) {
    const given = (value as Record<string, unknown> | undefined)?.[name]
    if (given === undefined || given === null) continue
    const header = property['x-mcp-header']
    if (typeof header === 'string') headers[`mcp-param-${header}`] = headerValue(String(given))
    else if (typeof given === 'object') collectHeaders(property, given, headers)
  }
}

/** A header value as it is, or in the Base64 form of SEP-2243 where a header could not carry it. */
function headerValue(text: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
  return isPlain ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`
}
