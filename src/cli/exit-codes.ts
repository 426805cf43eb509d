import type { ErrorCode } from '../error-table.ts'

/** What an exit code of the command line says. The numbers are stable. */
export const EXIT_CODES: {
  readonly ok: 0
  readonly failed: 1
  readonly usage: 2
  readonly configuration: 3
  readonly refused: 4
  readonly unavailable: 5
  readonly internal: 70
} = {
  ok: 0,
  failed: 1,
  usage: 2,
  configuration: 3,
  refused: 4,
  unavailable: 5,
  internal: 70,
}

/** The class of an outcome. */
export type ExitClass = keyof typeof EXIT_CODES

/** One sentence for each class, for `--help` and the reference. */
export const EXIT_MEANINGS: Readonly<Record<ExitClass, string>> = {
  ok: 'Everything went well.',
  failed:
    'The call failed: the tool answered with an error, or the protocol did. Or: the audit trail, or a case of `policy test`, does not hold.',
  usage: 'The command line is wrong.',
  configuration: 'The configuration or a definition is wrong.',
  refused: 'Refused: no valid credential, no permission, or too many calls.',
  unavailable: 'Not reachable: the server does not answer, the port is taken, or a file cannot be read or written.',
  internal: 'Something failed inside Toolgate.',
}

const CLASSES: Readonly<Record<ErrorCode, ExitClass>> = {
  PARSE_ERROR: 'failed',
  INVALID_REQUEST: 'failed',
  METHOD_NOT_FOUND: 'failed',
  INVALID_PARAMS: 'failed',
  INVALID_ENVELOPE: 'failed',
  CAPABILITY_NOT_FOUND: 'failed',
  HEADER_MISMATCH: 'failed',
  CLIENT_CAPABILITY_REQUIRED: 'failed',
  UNSUPPORTED_PROTOCOL_VERSION: 'failed',
  INVALID_INPUT: 'failed',
  INVALID_OUTPUT: 'failed',
  RESULT_TOO_LARGE: 'failed',
  USER_ERROR: 'failed',
  TIMED_OUT: 'failed',
  CANCELLED: 'failed',
  INTERNAL: 'internal',
  FORBIDDEN: 'refused',
  RATE_LIMITED: 'refused',
  IDEMPOTENCY_CONFLICT: 'refused',
  OVERLOADED: 'unavailable',
  CONNECTOR_UNAVAILABLE: 'unavailable',
  AUDIT_UNAVAILABLE: 'unavailable',
  UNAUTHENTICATED: 'refused',
  INSUFFICIENT_SCOPE: 'refused',
  NOT_CONFIGURED: 'configuration',
  FOREIGN_HOST: 'refused',
  FOREIGN_ORIGIN: 'refused',
  BAD_REQUEST: 'failed',
  NOT_FOUND: 'failed',
  METHOD_NOT_ALLOWED: 'failed',
  NOT_ACCEPTABLE: 'failed',
  PAYLOAD_TOO_LARGE: 'failed',
  UNSUPPORTED_MEDIA_TYPE: 'failed',
  SESSION_REQUIRED: 'failed',
  SESSION_NOT_FOUND: 'failed',
  TOO_MANY_SESSIONS: 'refused',
  TOO_MANY_TASKS: 'refused',
  CONFIG_INVALID: 'configuration',
  DEFINITION_INVALID: 'configuration',
  NAME_COLLISION: 'configuration',
  CONNECTOR_FAILED: 'configuration',
  ADDRESS_IN_USE: 'unavailable',
  STORAGE_FAILED: 'unavailable',
  ISSUER_UNAVAILABLE: 'unavailable',
  NOT_REACHABLE: 'unavailable',
}

/** The exit code of a command that ended with this failure. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[CLASSES[code]]
}

/** The exit code of a call that was answered with this failure: what is `INTERNAL` there is not the command's fault. */
export function exitCodeOfCall(code: string | undefined): number {
  if (code === undefined || code === 'INTERNAL' || !Object.hasOwn(CLASSES, code)) return EXIT_CODES.failed
  return exitCodeOf(code as ErrorCode)
}
