import { SqlFailure, type SqlFailureKind } from '../sql/sql-failure.ts'

/** Primary result codes (https://sqlite.org/rescode.html) that are not the statement's fault. */
const KINDS: Readonly<Record<number, readonly [SqlFailureKind, string]>> = {
  3: ['permission', 'SQLITE_PERM'],
  5: ['resources', 'SQLITE_BUSY'],
  6: ['resources', 'SQLITE_LOCKED'],
  7: ['resources', 'SQLITE_NOMEM'],
  8: ['permission', 'SQLITE_READONLY'],
  9: ['resources', 'SQLITE_INTERRUPT'],
  10: ['unavailable', 'SQLITE_IOERR'],
  11: ['unavailable', 'SQLITE_CORRUPT'],
  13: ['resources', 'SQLITE_FULL'],
  14: ['unavailable', 'SQLITE_CANTOPEN'],
  18: ['resources', 'SQLITE_TOOBIG'],
  19: ['statement', 'SQLITE_CONSTRAINT'],
  20: ['statement', 'SQLITE_MISMATCH'],
  23: ['permission', 'SQLITE_AUTH'],
  26: ['unavailable', 'SQLITE_NOTADB'],
}

/** What the parser says of a statement names what the statement says itself. */
const SAFE =
  /^(near ".*": syntax error|no such (table|column|function): .*|incomplete input|ambiguous column name: .*)$/s

/** A failure of the engine. Its words pass for mistakes of the statement alone: others name files, or hold data. */
export function toSqlFailure(code: number, message: string): SqlFailure {
  const [kind, state] = KINDS[code] ?? (['statement', `SQLITE_${code}`] as const)
  return new SqlFailure({ kind, state, text: message, isTextSafe: code === 1 && SAFE.test(message) })
}
