/** What kind of failure it was, for the hint and the breaker. */
export type SqlFailureKind =
  /** The statement is at fault: syntax, an unknown name, a value of the wrong type, a constraint. */
  | 'statement'
  | 'permission'
  /** The engine stopped it: its own time-out, a lock, a deadlock, memory. */
  | 'resources'
  /** The server cannot be reached, refuses the login or went away. */
  | 'unavailable'
  | 'other'

/**
 * A failure as the engine told it. `text` is the engine's own sentence and may hold data of the database, so it reaches
 * a caller only where `isTextSafe` says that its kind never does; else the caller gets `state` and `position`.
 */
export class SqlFailure extends Error {
  readonly kind: SqlFailureKind
  /** SQLSTATE, or the number that the engine gives. */
  readonly state: string
  readonly text: string
  readonly isTextSafe: boolean
  /** Character of the statement, from 1 on. */
  readonly position: number | undefined

  constructor(details: {
    readonly kind: SqlFailureKind
    readonly state: string
    readonly text: string
    readonly isTextSafe: boolean
    readonly position?: number
    readonly cause?: unknown
  }) {
    super(`${details.state}: ${details.text}`, { cause: details.cause })
    this.name = 'SqlFailure'
    this.kind = details.kind
    this.state = details.state
    this.text = details.text
    this.isTextSafe = details.isTextSafe
    this.position = details.position
  }
}
