import type { ErrorCode } from './error-table.ts'

/** What a `ToolgateError` is made of. */
export interface ErrorDetails {
  readonly code: ErrorCode
  /** What happened; safe to show to the audience of the code. */
  readonly message: string
  /** What to do next; safe to show. */
  readonly hint?: string
  /** Structured facts that go into `error.data`; safe to show. */
  readonly data?: Readonly<Record<string, unknown>>
  /** Kept for the log, never shown to a client. */
  readonly cause?: unknown
}

/** A failure with a stable code. `message`, `hint` and `data` are safe to show; `cause` stays in the log. */
export class ToolgateError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly data: Readonly<Record<string, unknown>> | undefined

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ToolgateError'
    this.code = details.code
    this.hint = details.hint
    this.data = details.data
  }
}

const USER_ERROR = Symbol.for('toolgate.UserError')

/**
 * Throw this in a handler to tell the caller something: its message is shown as it is. Any other thrown value reaches
 * the caller as a reference number alone.
 *
 * @example throw new UserError('There is no invoice 17. Use list_invoices to find one.')
 */
export class UserError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'UserError'
    Object.defineProperty(this, USER_ERROR, { value: true })
  }
}

/** Whether a thrown value is a `UserError`, also one made by another copy of this package. */
export function isUserError(thrown: unknown): thrown is UserError {
  return thrown instanceof Error && (thrown as unknown as Record<symbol, unknown>)[USER_ERROR] === true
}

/** The failure as it may be told to a caller: a thrown value of unknown kind becomes `INTERNAL` without its text. */
export function toToolgateError(thrown: unknown): ToolgateError {
  if (thrown instanceof ToolgateError) return thrown
  if (isUserError(thrown)) return new ToolgateError({ code: 'USER_ERROR', message: thrown.message, cause: thrown })
  return new ToolgateError({ code: 'INTERNAL', message: 'Something went wrong on the server.', cause: thrown })
}
