import { elicitUrl, type InputRequired, inputRequired } from '../../capabilities/input-required.ts'
import { isUserError, ToolgateError, UserError } from '../../errors.ts'
import type { ForwardedCall } from './forwarded-call.ts'
import { type Message, ServerError } from './sdk-server.ts'

/** The call can only be done after something was asked, and is then made again as a whole. */
export class InputNeeded extends Error {
  readonly asked: InputRequired

  constructor(asked: InputRequired, cause: unknown) {
    super('Something has to be asked first.', { cause })
    this.asked = asked
  }
}

const INVALID_PARAMS = -32602
const RESOURCE_NOT_FOUND = -32002
const URLS_REQUIRED = -32042
const REQUEST_TIMEOUT = -32001

/** The SDK's own words for arguments that do not fit; both versions. */
const INVALID_ARGUMENTS = /^(MCP error -32602: )?(Input validation error: )?Invalid arguments for tool /
const INVALID_RESULT = /^(MCP error -32602: )?(Output validation error: |Invalid tools\/call result: )/

/**
 * The result that the server meant for the caller. Everything it did not mean is thrown: a thrown error's text is never
 * in what is returned, nor in the message of a `UserError`.
 */
export function readResponse(call: ForwardedCall, { result, error }: Message): unknown {
  if (error !== undefined) throw toFailure(call, call.thrown === undefined ? new ServerError(error) : call.thrown.value)
  if (call.target.method !== 'tools/call' || !isErrorResult(result) || isDeliberate(call, result)) return result
  throw toFailure(call, call.thrown === undefined ? toSdkError(result) : call.thrown.value)
}

function isErrorResult(result: unknown): boolean {
  return typeof result === 'object' && result !== null && Boolean((result as { isError?: unknown }).isError)
}

/** Whether the author of the tool wrote this isError result, and not the SDK out of something thrown. */
function isDeliberate(call: ForwardedCall, result: unknown): boolean {
  if (call.watch === 'open') return true
  if (call.watch === 'opaque' || call.thrown !== undefined) return false
  if (call.returned === undefined) return INVALID_ARGUMENTS.test(textOf(result))
  // A task of version 1 comes to its result later, by what the author has stored.
  return isErrorResult(call.returned.value) || isTask(call.returned.value)
}

function isTask(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'task' in value
}

/** The SDK itself found fault, after the handler had returned or instead of it. */
function toSdkError(result: unknown): Error {
  const text = textOf(result)
  return INVALID_RESULT.test(text) ? invalidOutput(new Error(text)) : new Error(text)
}

function textOf(result: unknown): string {
  const [first] = (result as { content?: readonly { text?: unknown }[] }).content ?? []
  return typeof first?.text === 'string' ? first.text : ''
}

function toFailure(call: ForwardedCall, thrown: unknown): unknown {
  // Asked now, it is refused where every question to such a client is, in the words of the client's era.
  if (call.unasked !== undefined)
    return new InputNeeded(inputRequired({ requests: { question: call.unasked } }), thrown)
  if (isUserError(thrown) || thrown instanceof ToolgateError) return thrown
  if (call.hasAsked && isTimeout(thrown)) {
    return new UserError('Nobody answered the question in time. Call again from the start.', { cause: thrown })
  }
  return isProtocolError(thrown) ? fromProtocolError(call, thrown) : internal(thrown)
}

interface ProtocolError extends Error {
  readonly code: number
  readonly data?: unknown
}

/** Only the SDK's own error type is written for the wire; a driver's error may have a numeric code too. */
function isProtocolError(thrown: unknown): thrown is ProtocolError {
  if (!(thrown instanceof Error) || !Number.isSafeInteger((thrown as { code?: unknown }).code)) return false
  if (thrown instanceof ServerError) return true
  for (let at = Object.getPrototypeOf(thrown) as object | null; at !== null; at = Object.getPrototypeOf(at)) {
    const { name } = (at.constructor ?? {}) as { name?: unknown }
    if (name === 'McpError' || name === 'ProtocolError') return true
  }
  return false
}

function isTimeout(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code
  return code === 'REQUEST_TIMEOUT' || (code === REQUEST_TIMEOUT && isProtocolError(thrown))
}

function fromProtocolError(call: ForwardedCall, thrown: ProtocolError): unknown {
  const isRead = call.target.method === 'resources/read'
  if (thrown.code === RESOURCE_NOT_FOUND || (isRead && thrown.code === INVALID_PARAMS)) {
    return new ToolgateError({
      code: 'CAPABILITY_NOT_FOUND',
      message: 'There is no such resource.',
      data: { uri: call.target.name },
      cause: thrown,
    })
  }
  if (thrown.code === URLS_REQUIRED) return toPagesNeeded(thrown)
  if (thrown.code !== INVALID_PARAMS) return internal(thrown)
  const message = thrown.message.replace(/^MCP error -32602: /, '')
  return INVALID_RESULT.test(message) ? invalidOutput(thrown) : new UserError(message, { cause: thrown })
}

/** Revisions before 2026-07-28 send the user to a page by an error. */
function toPagesNeeded(thrown: ProtocolError): unknown {
  const { elicitations } = (thrown.data ?? {}) as { elicitations?: unknown }
  if (!Array.isArray(elicitations) || elicitations.length === 0) return internal(thrown)
  const pages = elicitations.map(({ message, url }, index) => [
    `page${index + 1}`,
    elicitUrl(String(message), String(url)),
  ])
  return new InputNeeded(inputRequired({ requests: Object.fromEntries(pages), state: { pages: true } }), thrown)
}

function invalidOutput(cause: unknown): ToolgateError {
  return new ToolgateError({
    code: 'INVALID_OUTPUT',
    message: 'The tool returned something that its output schema does not allow.',
    cause,
  })
}

/** Wrapped, so that nothing in it can be taken for a failure with words of its own. */
function internal(cause: unknown): Error {
  return new Error('The handler of the SDK server failed.', { cause })
}
