import { ERRORS, type ErrorCode } from '../error-table.ts'
import { type ErrorDetails, ToolgateError } from '../errors.ts'

/** A call was answered with an error. Unlike a failure of the command itself, `INTERNAL` in it is the server's. */
export class CallFailure extends ToolgateError {
  constructor(details: ErrorDetails) {
    super(details)
    this.name = 'CallFailure'
  }
}

/** The `error` member of a JSON-RPC response. */
export interface AnsweredError {
  readonly code: number
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>>
}

const HINTS: ReadonlyMap<ErrorCode, string> = new Map([
  ['UNAUTHENTICATED', 'Give a key with --key or in TOOLGATE_KEY; `toolgate keys new` makes one.'],
  ['CAPABILITY_NOT_FOUND', '`toolgate list` shows what is offered, `toolgate list --as ROLE` what a role is offered.'],
  ['UNSUPPORTED_PROTOCOL_VERSION', 'The server does not speak revision 2026-07-28; ask it with a client of its own.'],
])

/** What to do about a failure at this command line, where that is known better than by the server. */
export function hintFor(code: ErrorCode): { readonly hint?: string } {
  const hint = HINTS.get(code)
  return hint === undefined ? {} : { hint }
}

/** The error of a JSON-RPC response in the words of this command line; `status` is the one of HTTP. */
export function toCallFailure(error: AnsweredError, status?: number): CallFailure {
  const code = errorCode(error, status)
  const own = error.data?.hint
  // Toolgate ends its message with the hint, for clients that show the message alone.
  const message =
    typeof own === 'string' && error.message.endsWith(own) ? error.message.slice(0, -own.length) : error.message
  return new CallFailure({
    code,
    message: message.trimEnd(),
    ...(typeof own === 'string' ? { hint: own } : {}),
    ...hintFor(code),
    ...(error.data === undefined ? {} : { data: error.data }),
  })
}

const BY_STATUS: ReadonlyMap<number | undefined, ErrorCode> = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [429, 'RATE_LIMITED'],
])

const BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map([
  [-32020, 'HEADER_MISMATCH'],
  [-32021, 'CLIENT_CAPABILITY_REQUIRED'],
  [-32022, 'UNSUPPORTED_PROTOCOL_VERSION'],
  [-32601, 'METHOD_NOT_FOUND'],
  [-32603, 'INTERNAL'],
])

function errorCode(error: AnsweredError, status: number | undefined): ErrorCode {
  const own = error.data?.code
  if (typeof own === 'string' && Object.hasOwn(ERRORS, own)) return own as ErrorCode
  return BY_STATUS.get(status) ?? BY_NUMBER.get(error.code) ?? 'INVALID_PARAMS'
}
