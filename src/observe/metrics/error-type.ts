import { ERRORS, type ErrorCode } from '../../error-table.ts'
import type { Observation } from '../observation.ts'

/** Codes of JSON-RPC that are the caller's fault. */
interface CallerFault {
  readonly from: number
  readonly to: number
  readonly why: string
}

/**
 * The rule for servers: with these codes it is not the server that failed, so they are no `error_type`. The first five are
 * the semantic conventions' own list; the range is Toolgate's, read as the conventions read HTTP 4xx on a server.
 */
export const CALLER_FAULTS: readonly CallerFault[] = [
  { from: -32700, to: -32700, why: 'Parse error' },
  { from: -32600, to: -32600, why: 'Invalid request' },
  { from: -32601, to: -32601, why: 'Method not found' },
  { from: -32602, to: -32602, why: 'Invalid params' },
  { from: -32002, to: -32002, why: 'Resource not found, before 2026-07-28' },
  { from: -31499, to: -31400, why: "Toolgate's own codes that end like an HTTP 4xx, such as -31403 and -31429" },
]

/** How a request ended, as the semantic conventions tell it; empty where there is nothing to tell. */
export interface Ending {
  /** `error.type`: a code, `tool_error`, `timeout` or `cancelled`. */
  readonly errorType: string
  /** `rpc.response.status_code`. */
  readonly statusCode: string
}

type Ended = Extract<Observation, { type: 'call.ended' | 'request.ended' }>

const WELL: Ending = { errorType: '', statusCode: '' }
const TOOL_ERROR: Ending = { errorType: 'tool_error', statusCode: '' }
const CANCELLED: Ending = { errorType: 'cancelled', statusCode: '' }
const TIMED_OUT: Ending = { errorType: 'timeout', statusCode: '' }

/** Tells how a request ended. */
export function endingOf(ended: Ended): Ending {
  const { code } = ended
  if (ended.type === 'call.ended' && code === undefined) return ended.status === 'error' ? TOOL_ERROR : WELL
  if (code === undefined) return WELL
  if (code === 'CANCELLED') return CANCELLED
  const isTool = ended.type === 'call.ended' && ended.kind === 'tool'
  if (isTool && isResult(code)) return code === 'TIMED_OUT' ? TIMED_OUT : TOOL_ERROR
  const number = numberOf(ended, code)
  const statusCode = String(number)
  if (code === 'TIMED_OUT') return { errorType: 'timeout', statusCode }
  return { errorType: isCallerFault(number) ? '' : statusCode, statusCode }
}

function isCallerFault(number: number): boolean {
  return CALLER_FAULTS.some(({ from, to }) => number >= from && number <= to)
}

function isResult(code: string): boolean {
  return rowOf(code)?.isErrorResult === true
}

function numberOf(ended: Ended, code: string): number {
  const isResource = ended.type === 'call.ended' && ended.kind === 'resource'
  // Before 2026-07-28 an unknown resource had a code of its own (2025-11-25, Resources).
  if (isResource && ended.era === 'legacy' && code === 'CAPABILITY_NOT_FOUND') return -32002
  return rowOf(code)?.jsonRpc ?? -32603
}

function rowOf(code: string): (typeof ERRORS)[ErrorCode] | undefined {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined
}
