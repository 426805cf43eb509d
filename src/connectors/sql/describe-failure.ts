import { ToolgateError, UserError } from '../../errors.ts'
import { SqlFailure, type SqlFailureKind } from './sql-failure.ts'

/**
 * A failure as the caller may hear it. What the engine says can hold rows of other callers (`invalid input syntax for type
 * integer: "123-45-6789"`), so its text passes only where its kind holds no data; else its code and the place do.
 */
export function describeFailure(thrown: unknown, connector: string): unknown {
  if (!(thrown instanceof SqlFailure)) return thrown
  if (thrown.kind === 'unavailable') {
    return new ToolgateError({
      code: 'CONNECTOR_UNAVAILABLE',
      message: `The database of ${connector} cannot be reached.`,
      hint: 'Try again in a few seconds.',
      cause: thrown,
    })
  }
  const place = thrown.position === undefined ? '' : ` at character ${thrown.position}`
  const text = thrown.isTextSafe
    ? `${thrown.text}${place} (${thrown.state}).`
    : `${SAID[thrown.kind]}${place}: ${thrown.state}.`
  return new UserError(text, { cause: thrown })
}

const SAID: Readonly<Record<Exclude<SqlFailureKind, 'unavailable'>, string>> = {
  statement: 'The database refused the statement or one of its values',
  permission: 'The database does not permit this',
  resources: 'The database stopped the statement, because it took too long or too much',
  other: 'The database could not do this',
}
