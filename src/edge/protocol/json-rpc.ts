import { ToolgateError } from '../../errors.ts'

export type RequestId = string | number

export type Params = Readonly<Record<string, unknown>>

export interface JsonRpcRequest {
  readonly jsonrpc: '2.0'
  readonly id: RequestId
  readonly method: string
  readonly params?: Params
}

export interface JsonRpcNotification {
  readonly jsonrpc: '2.0'
  readonly method: string
  readonly params?: Params
}

export interface JsonRpcError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

export interface JsonRpcResponse {
  readonly jsonrpc: '2.0'
  /** Absent when the request could not be read. */
  readonly id?: RequestId
  readonly result?: unknown
  readonly error?: JsonRpcError
}

/** One message from outside, told apart. */
export type Message =
  | { readonly kind: 'request'; readonly message: JsonRpcRequest }
  | { readonly kind: 'notification'; readonly message: JsonRpcNotification }
  | { readonly kind: 'response'; readonly message: JsonRpcResponse }

/**
 * Reads one JSON-RPC 2.0 message. Throws `PARSE_ERROR` when the text is not JSON, `INVALID_REQUEST` when it is not one
 * message: a batch (removed in revision 2025-06-18), nested deeper than `maxDepth`, or with a key that reaches into a
 * prototype. The error's `data.id` is the id, where there is one to answer to.
 */
export function readMessage(text: string, maxDepth: number): Message {
  if (isDeeperThan(text, maxDepth)) throw invalid(`It is nested deeper than ${maxDepth} levels.`)
  const value = parse(text)
  if (mayHoldPrototypeKey(text) && holdsPrototypeKey(value)) throw invalid('It has a key named __proto__.')
  return toMessage(value)
}

/** Tells one parsed message apart; for transports without bytes. Throws `INVALID_REQUEST`. */
export function toMessage(value: unknown): Message {
  if (Array.isArray(value)) throw invalid('A batch is not served; send one message at a time.')
  if (typeof value !== 'object' || value === null) throw invalid('It is not an object.')
  const { jsonrpc, id, method, params } = value as Record<string, unknown>
  const known = isRequestId(id) ? id : undefined
  if (jsonrpc !== '2.0') throw invalid('`jsonrpc` must be "2.0".', known)
  if (id !== undefined && known === undefined) throw invalid('`id` must be a string or an integer.')
  if (method === undefined) return toResponse(value as JsonRpcResponse, known)
  if (typeof method !== 'string') throw invalid('`method` must be a string.', known)
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) {
    throw invalid('`params` must be an object.', known)
  }
  return known === undefined
    ? { kind: 'notification', message: value as JsonRpcNotification }
    : { kind: 'request', message: value as JsonRpcRequest }
}

function toResponse(message: JsonRpcResponse, id: RequestId | undefined): Message {
  const hasResult = 'result' in message
  const hasError = typeof message.error === 'object' && message.error !== null
  if (hasResult === hasError || id === undefined) throw invalid('It has no method and is no response either.', id)
  return { kind: 'response', message }
}

function isRequestId(id: unknown): id is RequestId {
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ToolgateError({ code: 'PARSE_ERROR', message: 'The message is not valid JSON.', cause })
  }
}

function invalid(message: string, id?: RequestId): ToolgateError {
  return new ToolgateError({
    code: 'INVALID_REQUEST',
    message: `The message is not a JSON-RPC 2.0 message. ${message}`,
    ...(id === undefined ? {} : { data: { id } }),
  })
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Counts brackets outside strings, before anything is parsed. */
function isDeeperThan(text: string, maxDepth: number): boolean {
  if (text.length <= 2 * maxDepth) return false
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1
      if (depth > maxDepth) return true
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1
    }
  }
  return false
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1
  while (text.charCodeAt(at) === BACKSLASH) at -= 1
  return (quote - at) % 2 === 0
}

function mayHoldPrototypeKey(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u00')
}

function holdsPrototypeKey(value: unknown): boolean {
  const open: unknown[] = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue
    if (Object.hasOwn(next, '__proto__')) return true
    open.push(...Object.values(next).filter((child) => typeof child === 'object' && child !== null))
  }
  return false
}
