import { ERRORS, type ErrorCode } from '../../error-table.ts'
import { ToolgateError } from '../../errors.ts'
import type { Era } from '../../pipeline/call.ts'
import type { JsonRpcError, JsonRpcResponse, RequestId } from './json-rpc.ts'

/** Adds the call id, under which the log and the audit trail have the rest. */
export function withCallId(error: ToolgateError, callId: string): ToolgateError {
  return new ToolgateError({
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    data: { ...error.data, callId },
    cause: error.cause,
  })
}

/** The error as a JSON-RPC response. Only what is safe to show is in it. */
export function toErrorResponse(error: ToolgateError, era: Era, id?: RequestId): JsonRpcResponse {
  const data = {
    ...error.data,
    id: undefined,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  }
  const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`
  return {
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    error: { code: jsonRpcCode(error, era), message, data },
  }
}

/** What `toErrorResponse` made an error of, as the error again. */
export function fromJsonRpcError({ message, data }: JsonRpcError): ToolgateError {
  const { code, ...others } = (data ?? {}) as { readonly code?: ErrorCode }
  return new ToolgateError({ code: code ?? 'INTERNAL', message, data: others })
}

function jsonRpcCode(error: ToolgateError, era: Era): number {
  // Before 2026-07-28 an unknown resource had a code of its own (2025-11-25, Resources).
  if (era === 'legacy' && error.code === 'CAPABILITY_NOT_FOUND' && error.data?.uri !== undefined) return -32002
  return ERRORS[error.code].jsonRpc ?? -32603
}

/** The HTTP status; in the legacy era a failed method is answered in band, because 404 there ends the session. */
export function httpStatusOf(error: ToolgateError, era: Era): number {
  const { http = 500 } = ERRORS[error.code]
  return era === 'legacy' && error.code === 'METHOD_NOT_FOUND' ? 200 : http
}

/** The id that the unreadable message carried, if any. */
export function idOf(error: ToolgateError): RequestId | undefined {
  return error.data?.id as RequestId | undefined
}
