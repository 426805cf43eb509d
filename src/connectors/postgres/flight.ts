import type { Buffer } from 'node:buffer'
import type { Connection, FieldDef, Submittable } from 'pg'
import type { PgSession } from './open-session.ts'

/** A statement of ours that goes before the caller's, whose answer nobody reads. */
export interface Prelude {
  readonly text: string
  readonly values?: readonly string[]
}

/** What is sent together, and answered together (PostgreSQL protocol §55.2.4, pipelining). */
export interface FlightPlan {
  /** Run first, each only if those before it succeeded. */
  readonly preludes?: readonly Prelude[]
  /** The statement whose rows are read; absent where there are preludes alone. */
  readonly statement?: { readonly text: string; readonly values: readonly (string | Buffer | null)[] }
  /** Goes on with the statement of the flight before, which had more rows. */
  readonly goesOn?: boolean
  /** Rows to be read; all of them when it is 0. */
  readonly maxRows?: number
  readonly onFields?: (fields: readonly FieldDef[]) => void
  readonly onRow?: (row: readonly (string | null)[]) => void
}

/** How it ended. */
export interface FlightEnd {
  /** Whether there are more rows than were to be read. */
  readonly hasMore: boolean
  /** What the statement was, with the number of its rows: `UPDATE 3`. */
  readonly tag: string
}

/** That a flight failed before the server had begun with anything behind the preludes. */
export class NotBegunError extends Error {}

/**
 * Sends everything in one write, and resolves when the server is ready for the next. What fails keeps all that follows from
 * being run, because the server skips to the one Sync at the end; so nothing runs outside the transaction that is begun
 * before it.
 */
export function fly({ client }: PgSession, plan: FlightPlan): Promise<FlightEnd> {
  return new Promise((resolve, reject) => {
    client.query(new Flight(plan, resolve, reject))
  })
}

/** What the typings of the driver leave out or have otherwise. */
interface Wire extends Pick<Connection, 'stream' | 'flush' | 'sync'> {
  parse(query: { text: string }): void
  bind(config: { values: readonly unknown[] }): void
  describe(message: { type: 'P' }): void
  execute(config: { rows?: number }): void
  sendCopyFail(reason: string): void
}

/** What the driver calls with each message of the server. */
class Flight implements Submittable {
  readonly #plan: FlightPlan
  readonly #resolve: (end: FlightEnd) => void
  readonly #reject: (reason: unknown) => void
  /** Preludes that are not answered yet. */
  #ahead: number
  #hasMore = false
  #tag = ''

  constructor(plan: FlightPlan, resolve: (end: FlightEnd) => void, reject: (reason: unknown) => void) {
    this.#plan = plan
    this.#resolve = resolve
    this.#reject = reject
    this.#ahead = plan.preludes?.length ?? 0
  }

  submit(connection: Connection): void {
    const wire = connection as unknown as Wire
    const { preludes = [], statement, goesOn = false, maxRows = 0 } = this.#plan
    wire.stream.cork()
    for (const { text, values = [] } of preludes) {
      wire.parse({ text })
      wire.bind({ values })
      wire.execute({})
    }
    if (statement !== undefined) {
      // So that it is known, whatever becomes of the statement, that the server had come to it.
      if (preludes.length > 0) wire.flush()
      wire.parse({ text: statement.text })
      wire.bind({ values: statement.values })
      wire.describe({ type: 'P' })
    }
    if (statement !== undefined || goesOn) wire.execute({ rows: maxRows })
    wire.sync()
    wire.stream.uncork()
  }

  handleRowDescription({ fields }: { fields: readonly FieldDef[] }): void {
    this.#plan.onFields?.(fields)
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    if (this.#ahead === 0) this.#plan.onRow?.(fields)
  }

  handleCommandComplete({ text }: { text: string }): void {
    if (this.#ahead > 0) this.#ahead -= 1
    else this.#tag = text
  }

  handlePortalSuspended(): void {
    this.#hasMore = true
  }

  handleEmptyQuery(): void {}

  /** While it waits for what is to be copied, the server has skipped our Sync. */
  handleCopyInResponse(connection: Connection): void {
    const wire = connection as unknown as Wire
    wire.sendCopyFail('refused')
    wire.sync()
  }

  handleCopyData(): void {}

  handleReadyForQuery(): void {
    this.#resolve({ hasMore: this.#hasMore, tag: this.#tag })
  }

  handleError(cause: Error): void {
    this.#reject(this.#ahead > 0 ? new NotBegunError('The statement was not begun.', { cause }) : cause)
  }
}
