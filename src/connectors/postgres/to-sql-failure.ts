import { SqlFailure, type SqlFailureKind } from '../sql/sql-failure.ts'

/** What the driver throws of what the server said. */
interface ServerError extends Error {
  readonly code: string
  readonly position?: string
}

/** States whose sentences name what is in the statement or the catalogue, and never a value out of a row. */
const SAFE_TEXT: ReadonlySet<string> = new Set([
  '42601', // syntax error
  '42P01', // undefined table
  '42703', // undefined column
  '42883', // undefined function
  '42704', // undefined object
  '42702', // ambiguous column
  '42725', // ambiguous function
  '42712', // duplicate alias
  '42803', // grouping error
  '42804', // datatype mismatch
  '42P02', // undefined parameter
  '42P18', // indeterminate datatype
  '42501', // insufficient privilege
  '25006', // read only transaction
  '57014', // cancelled or timed out
  '55P03', // lock not available
  '40P01', // deadlock
  '40001', // serialization failure
  '53200', // out of memory
  '53400', // configured limit exceeded
])

/** A failure of the driver, as one that says what may be passed on of it. `isGuarded`: the position is not the caller's. */
export function toSqlFailure(thrown: unknown, isGuarded = false): SqlFailure {
  if (thrown instanceof SqlFailure) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (!isServerError(error)) {
    // The driver's own sentences may quote what it could not send.
    const isValue = /NUL|null character|out of range/i.test(error.message)
    return new SqlFailure({
      kind: isValue ? 'statement' : 'unavailable',
      state: (error as { code?: string }).code ?? 'connection',
      text: isValue ? 'A value cannot be sent' : 'The connection was lost',
      isTextSafe: isValue,
      cause: thrown,
    })
  }
  const position = Number(error.position)
  return new SqlFailure({
    kind: kindOf(error.code),
    state: error.code,
    text: error.message,
    isTextSafe: SAFE_TEXT.has(error.code),
    ...(position > 0 && !isGuarded && { position }),
    cause: thrown,
  })
}

/** Whether the driver passes on what the server said, by its SQLSTATE. */
function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code))
}

const CLASSES: Readonly<Record<string, SqlFailureKind>> = {
  '08': 'unavailable',
  '21': 'statement',
  '22': 'statement',
  '23': 'statement',
  '25': 'permission',
  '28': 'unavailable',
  '40': 'resources',
  '42': 'statement',
  '44': 'statement',
  '53': 'resources',
  '54': 'resources',
  '55': 'resources',
  '0A': 'statement',
  '3D': 'unavailable',
}

function kindOf(state: string): SqlFailureKind {
  if (state === '42501') return 'permission'
  // Too many or too few parameters; the connection is well.
  if (state === '08P01') return 'statement'
  if (state === '57014') return 'resources'
  if (state.startsWith('57P') || state === '53300') return 'unavailable'
  return CLASSES[state.slice(0, 2)] ?? 'other'
}
