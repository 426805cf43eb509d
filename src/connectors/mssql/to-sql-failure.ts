import { SqlFailure, type SqlFailureKind } from '../sql/sql-failure.ts'

/** An error of the engine as the driver passes it on. */
interface EngineError {
  readonly number: number
  readonly message: string
  readonly lineNumber?: number
}

/**
 * What a caller may read, by the number of the message: texts that name things of the statement and never hold a value
 * of a row. Conversions (245, 8114), duplicates (2601, 2627) and constraints (547) quote values and are not here.
 */
const SAFE: Readonly<Record<number, SqlFailureKind>> = {
  102: 'statement',
  105: 'statement',
  109: 'statement',
  137: 'statement',
  145: 'statement',
  156: 'statement',
  174: 'statement',
  195: 'statement',
  201: 'statement',
  207: 'statement',
  208: 'statement',
  209: 'statement',
  213: 'statement',
  229: 'permission',
  230: 'permission',
  262: 'permission',
  297: 'permission',
  300: 'permission',
  319: 'statement',
  402: 'statement',
  1033: 'statement',
  1205: 'resources',
  1222: 'resources',
  2812: 'statement',
  4104: 'statement',
  4121: 'statement',
  8120: 'statement',
  8134: 'statement',
  8144: 'statement',
}

/** Kinds of numbers whose text stays here. */
const UNSAFE: Readonly<Record<number, SqlFailureKind>> = {
  220: 'statement',
  241: 'statement',
  245: 'statement',
  515: 'statement',
  547: 'statement',
  701: 'resources',
  916: 'permission',
  1105: 'resources',
  2601: 'statement',
  2627: 'statement',
  2628: 'statement',
  3980: 'resources',
  4060: 'unavailable',
  8114: 'statement',
  8115: 'statement',
  8152: 'statement',
  8645: 'resources',
  8651: 'resources',
  9002: 'resources',
  18456: 'unavailable',
  40197: 'unavailable',
  40501: 'unavailable',
  40613: 'unavailable',
}

/** A failure of the driver as the connector knows it. Of several errors of one statement the first says why. */
export function toSqlFailure(thrown: unknown): SqlFailure {
  if (thrown instanceof SqlFailure) return thrown
  const first = thrown instanceof AggregateError ? thrown.errors[0] : thrown
  if (isEngineError(first)) return toEngineFailure(first)
  const code = codeOf(first)
  if (UNAVAILABLE.includes(code)) {
    const text = 'The connection to the database was lost'
    return new SqlFailure({ kind: 'unavailable', state: code, text, isTextSafe: true, cause: thrown })
  }
  const text = first instanceof Error ? first.message : String(first)
  return new SqlFailure({ kind: 'other', state: code, text, isTextSafe: false, cause: thrown })
}

const UNAVAILABLE: readonly string[] = ['ESOCKET', 'ECLOSE', 'ETIMEOUT', 'EINVALIDSTATE', 'ECONNRESET', 'ECONNREFUSED']

/** The engine tells a line and no character, so there is no position; the line goes into the state. */
function toEngineFailure(error: EngineError): SqlFailure {
  const kind = SAFE[error.number] ?? UNSAFE[error.number] ?? 'other'
  const line = error.lineNumber === undefined ? '' : ` (line ${error.lineNumber})`
  return new SqlFailure({
    kind,
    state: `${error.number}${line}`,
    text: error.message.replace(/\.$/, ''),
    isTextSafe: SAFE[error.number] !== undefined,
    cause: error,
  })
}

function isEngineError(thrown: unknown): thrown is EngineError {
  return thrown instanceof Error && 'number' in thrown && typeof thrown.number === 'number'
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
}
