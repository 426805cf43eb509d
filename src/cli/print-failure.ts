import { type ErrorDetails, ToolgateError } from '../errors.ts'
import { CallFailure } from './call-failure.ts'
import type { Terminal } from './command.ts'
import { EXIT_CODES, exitCodeOf, exitCodeOfCall } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

/** How a failure is told. */
export interface FailureStyle {
  readonly terminal: Terminal
  /** As one JSON value on standard output instead of a sentence on standard error. */
  readonly asJson: boolean
}

/** A failure in the words of the command line. */
export interface Failure {
  readonly code: ErrorDetails['code'] | 'USAGE'
  readonly message: string
  readonly hint?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** Tells a failure in one sentence with what to do next, and answers the exit code. No stack unless TOOLGATE_DEBUG=1. */
export function printFailure(thrown: unknown, { terminal, asJson }: FailureStyle): number {
  const failure = describeFailure(thrown)
  if (asJson) terminal.out(`${JSON.stringify({ error: failure })}\n`)
  else terminal.err(failureText(failure))
  if (terminal.environment.TOOLGATE_DEBUG === '1') terminal.err(stackOf(thrown))
  if (failure.code === 'USAGE') return EXIT_CODES.usage
  return thrown instanceof CallFailure ? exitCodeOfCall(failure.code) : exitCodeOf(failure.code)
}

/** The sentence of a failure and its hint, indented where they have several lines. */
export function failureText(failure: Failure): string {
  const text = `toolgate: ${failure.message.trimEnd()}\n`
  return failure.hint === undefined ? text : `${text}${failure.hint.trimEnd().replaceAll(/^/gm, '  ')}\n`
}

/** What a thrown value says. An unexpected one keeps its message: whoever runs the command may know it. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof UsageError) {
    return { code: 'USAGE', message: thrown.message, ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) }
  }
  if (thrown instanceof ToolgateError) {
    return {
      code: thrown.code,
      message: thrown.message,
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
      ...(thrown.data === undefined ? {} : { data: thrown.data }),
    }
  }
  return {
    code: 'INTERNAL',
    message: `Something failed inside Toolgate: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    hint: 'TOOLGATE_DEBUG=1 in front of the command prints where.',
  }
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `${String(thrown)}\n`
  const own = `${thrown.stack ?? thrown.message}\n`
  return thrown.cause === undefined ? own : `${own}caused by ${stackOf(thrown.cause)}`
}
