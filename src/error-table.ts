/**
 * Every failure a caller can see. Each has a stable code; `ERRORS` says for each code what it means, who can act on it
 * and how it looks on the wire. docs/reference/errors.md is generated from this table.
 */

/** Who can act on the failure: the model may retry differently, the user may be asked, the operator must look. */
export type Audience = 'model' | 'user' | 'operator'

/** One row of the error table. */
export interface ErrorRow {
  /** What happened, in one sentence. */
  readonly meaning: string
  readonly audience: Audience
  /** JSON-RPC error code; `undefined` where the failure never reaches a client (start-up mistakes). */
  readonly jsonRpc?: number
  /** HTTP status where the transport is HTTP. */
  readonly http?: number
  /** A tool call that fails like this answers a result with `isError: true` instead of a JSON-RPC error (SEP-1303). */
  readonly isErrorResult?: true
}

/** The stable code of a failure. */
export type ErrorCode =
  | 'PARSE_ERROR'
  | 'INVALID_REQUEST'
  | 'METHOD_NOT_FOUND'
  | 'INVALID_PARAMS'
  | 'INVALID_ENVELOPE'
  | 'CAPABILITY_NOT_FOUND'
  | 'HEADER_MISMATCH'
  | 'CLIENT_CAPABILITY_REQUIRED'
  | 'UNSUPPORTED_PROTOCOL_VERSION'
  | 'INVALID_INPUT'
  | 'INVALID_OUTPUT'
  | 'RESULT_TOO_LARGE'
  | 'USER_ERROR'
  | 'TIMED_OUT'
  | 'CANCELLED'
  | 'INTERNAL'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'IDEMPOTENCY_CONFLICT'
  | 'OVERLOADED'
  | 'CONNECTOR_UNAVAILABLE'
  | 'AUDIT_UNAVAILABLE'
  | 'UNAUTHENTICATED'
  | 'INSUFFICIENT_SCOPE'
  | 'NOT_CONFIGURED'
  | 'FOREIGN_HOST'
  | 'FOREIGN_ORIGIN'
  | 'BAD_REQUEST'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_ACCEPTABLE'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'SESSION_REQUIRED'
  | 'SESSION_NOT_FOUND'
  | 'TOO_MANY_SESSIONS'
  | 'TOO_MANY_TASKS'
  | 'CONFIG_INVALID'
  | 'DEFINITION_INVALID'
  | 'NAME_COLLISION'
  | 'CONNECTOR_FAILED'
  | 'ADDRESS_IN_USE'
  | 'STORAGE_FAILED'
  | 'NOT_REACHABLE'

/**
 * The table. JSON-RPC codes below -32000 are the specification's; Toolgate's own are `-31xxx` with the HTTP status as
 * the last three digits, outside the range JSON-RPC reserves.
 */
export const ERRORS: Readonly<Record<ErrorCode, ErrorRow>> = {
  PARSE_ERROR: { meaning: 'The body is not valid JSON.', audience: 'operator', jsonRpc: -32700, http: 400 },
  INVALID_REQUEST: {
    meaning: 'The body is JSON but not one JSON-RPC 2.0 message.',
    audience: 'operator',
    jsonRpc: -32600,
    http: 400,
  },
  METHOD_NOT_FOUND: { meaning: 'The method does not exist.', audience: 'operator', jsonRpc: -32601, http: 404 },
  INVALID_PARAMS: {
    meaning: 'The parameters of the message are wrong.',
    audience: 'model',
    jsonRpc: -32602,
    http: 200,
  },
  INVALID_ENVELOPE: {
    meaning: 'The `_meta` envelope of revision 2026-07-28 is missing or wrong.',
    audience: 'operator',
    jsonRpc: -32602,
    http: 400,
  },
  CAPABILITY_NOT_FOUND: {
    meaning: 'There is no such tool, resource or prompt, or the caller may not know of it.',
    audience: 'model',
    jsonRpc: -32602,
    http: 200,
  },
  HEADER_MISMATCH: {
    meaning: 'A mirrored HTTP header is missing or differs from the body.',
    audience: 'operator',
    jsonRpc: -32020,
    http: 400,
  },
  CLIENT_CAPABILITY_REQUIRED: {
    meaning: 'The call needs a client capability that the client did not declare.',
    audience: 'operator',
    jsonRpc: -32021,
    http: 400,
  },
  UNSUPPORTED_PROTOCOL_VERSION: {
    meaning: 'The protocol version is not supported; the answer lists those that are.',
    audience: 'operator',
    jsonRpc: -32022,
    http: 400,
  },
  INVALID_INPUT: {
    meaning: 'The arguments do not match the schema; every wrong field is named.',
    audience: 'model',
    jsonRpc: -32602,
    http: 200,
    isErrorResult: true,
  },
  INVALID_OUTPUT: {
    meaning: 'The handler returned something its output schema does not allow.',
    audience: 'operator',
    jsonRpc: -32603,
    http: 200,
    isErrorResult: true,
  },
  RESULT_TOO_LARGE: {
    meaning: 'The result is longer than allowed, and no part of it would be a valid result.',
    audience: 'model',
    jsonRpc: -31413,
    http: 200,
    isErrorResult: true,
  },
  USER_ERROR: {
    meaning: 'The handler refused with a sentence meant for the caller (`UserError`).',
    audience: 'user',
    jsonRpc: -31422,
    http: 200,
    isErrorResult: true,
  },
  TIMED_OUT: {
    meaning: 'The handler did not answer within its deadline.',
    audience: 'model',
    jsonRpc: -31504,
    http: 200,
    isErrorResult: true,
  },
  CANCELLED: { meaning: 'The caller cancelled; no answer is sent.', audience: 'model', jsonRpc: -31499, http: 200 },
  INTERNAL: {
    meaning: 'Something failed inside; the log has the cause under the same call id.',
    audience: 'operator',
    jsonRpc: -32603,
    http: 200,
    isErrorResult: true,
  },
  FORBIDDEN: {
    meaning:
      'A role of the caller selects this capability, but neither a role nor the credential gives a scope that it needs.',
    audience: 'user',
    jsonRpc: -31403,
    http: 200,
  },
  RATE_LIMITED: {
    meaning: 'Too many calls; `retryAfter` says in how many seconds to try again.',
    audience: 'model',
    jsonRpc: -31429,
    http: 429,
  },
  IDEMPOTENCY_CONFLICT: {
    meaning: 'The idempotency key stands for another call, or for one whose result cannot be given again.',
    audience: 'operator',
    jsonRpc: -31409,
    http: 409,
  },
  OVERLOADED: {
    meaning: 'Too many calls run, of this tool or in all; `retryAfter` says in how many seconds to try again.',
    audience: 'model',
    jsonRpc: -31503,
    http: 503,
  },
  CONNECTOR_UNAVAILABLE: {
    meaning:
      'The source cannot be reached, or failed so often that it is left alone; `retryAfter` says when to try again.',
    audience: 'model',
    jsonRpc: -31503,
    http: 503,
  },
  AUDIT_UNAVAILABLE: {
    meaning: 'The audit trail cannot be written, so nothing is executed.',
    audience: 'operator',
    jsonRpc: -31503,
    http: 503,
  },
  UNAUTHENTICATED: {
    meaning: 'No valid credential was sent.',
    audience: 'user',
    jsonRpc: -31401,
    http: 401,
  },
  INSUFFICIENT_SCOPE: {
    meaning: 'The credential lacks a scope that is needed here; with a token that has `scopes` it would be permitted.',
    audience: 'user',
    jsonRpc: -31403,
    http: 403,
  },
  NOT_CONFIGURED: {
    meaning: 'The server has no credential configured, so nobody can be let in.',
    audience: 'operator',
    jsonRpc: -31503,
    http: 503,
  },
  FOREIGN_HOST: { meaning: 'The Host header names another server.', audience: 'operator', jsonRpc: -31403, http: 403 },
  FOREIGN_ORIGIN: {
    meaning: 'The Origin header names a page that may not use this server.',
    audience: 'operator',
    jsonRpc: -31403,
    http: 403,
  },
  BAD_REQUEST: {
    meaning: 'The HTTP request itself is malformed.',
    audience: 'operator',
    jsonRpc: -31400,
    http: 400,
  },
  NOT_FOUND: { meaning: 'There is nothing at this path.', audience: 'operator', jsonRpc: -31404, http: 404 },
  METHOD_NOT_ALLOWED: {
    meaning: 'The HTTP method is not served here.',
    audience: 'operator',
    jsonRpc: -31405,
    http: 405,
  },
  NOT_ACCEPTABLE: {
    meaning: 'The Accept header excludes the answers this endpoint gives.',
    audience: 'operator',
    jsonRpc: -31406,
    http: 406,
  },
  PAYLOAD_TOO_LARGE: { meaning: 'The body is larger than allowed.', audience: 'model', jsonRpc: -31413, http: 413 },
  UNSUPPORTED_MEDIA_TYPE: {
    meaning: 'The body is not declared as application/json in UTF-8 without encoding.',
    audience: 'operator',
    jsonRpc: -31415,
    http: 415,
  },
  SESSION_REQUIRED: {
    meaning: 'A request of a revision before 2026-07-28 came without its session id.',
    audience: 'operator',
    jsonRpc: -31400,
    http: 400,
  },
  SESSION_NOT_FOUND: {
    meaning: 'The session is unknown, has ended or belongs to somebody else; initialize again.',
    audience: 'operator',
    jsonRpc: -31404,
    http: 404,
  },
  TOO_MANY_SESSIONS: {
    meaning: 'The limit of open sessions or streams is reached.',
    audience: 'operator',
    jsonRpc: -31503,
    http: 503,
  },
  TOO_MANY_TASKS: { meaning: 'The limit of kept tasks is reached.', audience: 'user', jsonRpc: -31503, http: 503 },
  CONFIG_INVALID: { meaning: 'The configuration has mistakes; all are listed.', audience: 'operator' },
  DEFINITION_INVALID: { meaning: 'A tool, resource or prompt is defined wrongly.', audience: 'operator' },
  NAME_COLLISION: { meaning: 'Two capabilities, or two keys, have the same name or URI.', audience: 'operator' },
  CONNECTOR_FAILED: { meaning: 'A connector could not load its source.', audience: 'operator' },
  ADDRESS_IN_USE: { meaning: 'The port to listen on is taken.', audience: 'operator' },
  STORAGE_FAILED: {
    meaning: 'The embedded storage cannot be opened, read or written.',
    audience: 'operator',
    jsonRpc: -31503,
    http: 503,
  },
  NOT_REACHABLE: { meaning: 'The server a command talks to does not answer.', audience: 'operator' },
}
