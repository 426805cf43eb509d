import { ToolgateError } from '../../errors.ts'
import { raceAbort } from '../race-abort.ts'

/** One JSON-RPC message in either direction. */
export interface Message {
  readonly jsonrpc: '2.0'
  readonly id?: string | number
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** The SDK's `Transport`, as far as its servers use it: the same in version 1 and 2. */
export interface Transport {
  onmessage?: (message: Message) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  start(): Promise<void>
  send(message: Message, options?: { readonly relatedRequestId?: string | number }): Promise<void>
  close(): Promise<void>
  setProtocolVersion(version: string): void
}

/** The SDK's `Server`: both versions keep their handlers in a map by method. */
export interface LowLevelServer {
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
  readonly transport?: unknown
  onerror?: (error: Error) => void
  readonly _requestHandlers?: unknown
}

/** The SDK's `McpServer`, which wraps a `Server` and keeps its tools in an object by name. */
export interface HighLevelServer {
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
  readonly server: LowLevelServer
  readonly _registeredTools?: unknown
}

/** A server object of the official SDK, version 1 or 2. */
export type SdkServer = LowLevelServer | HighLevelServer

/** A JSON-RPC error that the server answered. */
export class ServerError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(error: NonNullable<Message['error']>) {
    super(error.message)
    this.name = 'ServerError'
    this.code = error.code
    this.data = error.data
  }
}

/** The `Server` inside an `McpServer`, or the server itself. */
export function lowLevelOf(server: SdkServer): LowLevelServer {
  return isHighLevel(server) ? server.server : server
}

/** Whether it is an `McpServer`. */
export function isHighLevel(server: SdkServer): server is HighLevelServer {
  return isServer((server as Partial<HighLevelServer>).server)
}

/**
 * The server a module exports by default, or that the function it exports makes. Throws `CONNECTOR_FAILED` when there
 * is none, when the file has connected it already, or when `signal` fires.
 */
export async function takeServer(exported: unknown, place: string, signal: AbortSignal): Promise<SdkServer> {
  const server = await raceAbort(makeServer(exported, place), signal, () => neverMade(place, signal.reason))
  if (!isServer(server)) throw noServer(place)
  if (lowLevelOf(server).transport === undefined) return server
  throw new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `${place} connects its server to a transport itself.`,
    hint: 'Take the server.connect(…) call out of the file, or export a function that makes a server: Toolgate connects it.',
  })
}

async function makeServer(exported: unknown, place: string): Promise<unknown> {
  if (typeof exported !== 'function') return exported
  try {
    return await (exported as () => unknown)()
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: `${place}: the function that makes the server failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'It is called without arguments.',
      cause,
    })
  }
}

function neverMade(place: string, cause: unknown): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `${place}: the function that makes the server was stopped before it was done.`,
    hint: 'Look for something in it that never ends.',
    cause,
  })
}

function isServer(value: unknown): value is SdkServer {
  if (typeof value !== 'object' || value === null) return false
  const { connect, close } = value as Record<string, unknown>
  return typeof connect === 'function' && typeof close === 'function'
}

function noServer(place: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `${place} does not export a server of the MCP SDK by default.`,
    hint: 'Write `export default server`, where server is an McpServer or a Server, or export a function that makes one.',
  })
}
