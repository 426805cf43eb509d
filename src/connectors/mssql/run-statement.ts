import type { Request } from 'tedious'
import { ToolgateError } from '../../errors.ts'
import type { Budget, SqlResult, Statement } from '../sql/database.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { bindParameters } from './bind-parameters.ts'
import { createRowCollector, type RowCollector } from './collect-rows.ts'
import type { MssqlSession } from './open-session.ts'
import type { DriverColumn } from './result-column.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/** What a statement runs under. */
export interface RunOptions {
  readonly access: 'read' | 'write'
  readonly budget: Budget
  /** Fires with the caller's reason, or with the time-out of `deadlineFor`. */
  readonly signal: AbortSignal
}

/**
 * Runs one statement and reads as much as the budget allows; the rest is cancelled in the engine (attention), but not
 * that of a statement which writes, as it would be undone with it. Resolves or rejects when the session is free again.
 */
export async function runStatement(
  session: MssqlSession,
  statement: Statement,
  options: RunOptions,
): Promise<SqlResult> {
  const { signal, access, budget } = options
  const collector = createRowCollector(budget)
  const { failure, rowCount, unreadable } = await send(session, statement, { ...options, collector })
  if (signal.aborted) throw toStopFailure(signal.reason)
  if (unreadable !== undefined) throw unreadable
  const { result } = collector
  if (session.isOverLimit) return settleOverLimit(access, result)
  if (failure !== undefined && result.truncated === undefined) throw toSqlFailure(failure)
  const isChange = access === 'write' || result.columns.length === 0
  return isChange ? { ...result, changed: rowCount } : result
}

interface Outcome {
  readonly failure: Error | undefined
  readonly rowCount: number
  /** Thrown by ourselves over a row. */
  readonly unreadable: unknown
}

function send(
  session: MssqlSession,
  statement: Statement,
  options: RunOptions & { readonly collector: RowCollector },
): Promise<Outcome> {
  const { signal, access, collector } = options
  return new Promise((resolve) => {
    let unreadable: unknown
    const stop = (): void => request.cancel()
    const request: Request = new session.tedious.Request(statement.text, (failure, rowCount = 0) => {
      signal.removeEventListener('abort', stop)
      resolve({ failure: failure ?? undefined, rowCount, unreadable })
    })
    listen(request, collector, {
      onFull: () => access === 'read' && stop(),
      onUnreadable(failure) {
        unreadable ??= failure
        stop()
      },
    })
    bindParameters(request, statement.parameters, session.tedious)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    session.send(request)
  })
}

/** What is thrown in a listener of the driver would end the process. */
function listen(
  request: Request,
  collector: RowCollector,
  on: { onFull(): void; onUnreadable(failure: unknown): void },
): void {
  const guarded =
    <T>(work: (given: T) => void) =>
    (given: T): void => {
      try {
        work(given)
      } catch (failure) {
        on.onUnreadable(failure)
      }
    }
  request.on(
    'columnMetadata',
    guarded((columns) => collector.begin(columns as readonly DriverColumn[])),
  )
  request.on(
    'row',
    guarded((row: readonly { value: unknown }[]) => {
      if (collector.add(row.map(({ value }) => value)) === 'full') on.onFull()
    }),
  )
}

/** What came over the limit has ended the connection: what was read counts, what was written is undone by the engine. */
function settleOverLimit(access: 'read' | 'write', result: RowCollector['result']): SqlResult {
  if (access === 'read') return { ...result, truncated: 'bytes' }
  const text = 'The answer was too large, so nothing was changed'
  throw new SqlFailure({ kind: 'resources', state: 'too-large', text, isTextSafe: true })
}

/** The signal of a statement: the caller's, and the time that it may take. */
export function deadlineFor(signal: AbortSignal, timeoutMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
}

/** Why a statement was stopped, told to the caller. */
export function toStopFailure(reason: unknown): Error {
  if (reason instanceof ToolgateError) return reason
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    const text = 'The statement took longer than it may and was cancelled in the database'
    return new SqlFailure({ kind: 'resources', state: 'timeout', text, isTextSafe: true })
  }
  return new ToolgateError({ code: 'CANCELLED', message: 'The statement was cancelled.', cause: reason })
}
