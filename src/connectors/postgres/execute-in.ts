import { setTimeout as delay } from 'node:timers/promises'
import { ToolgateError } from '../../errors.ts'
import type { ExecuteOptions, SqlResult, Statement } from '../sql/database.ts'
import type { LanePool } from '../sql/lane-pool.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { writeBegin, writeIdentity } from './begin-text.ts'
import { fly, NotBegunError, type Prelude } from './flight.ts'
import type { PgSession } from './open-session.ts'
import type { PgTypes } from './read-types.ts'
import { runStatement } from './run-statement.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/** What all sessions of a server go by. */
export interface SessionRules {
  readonly types: PgTypes
  readonly schemas: readonly string[]
  readonly canLimitFiles: boolean
}

interface Execution extends ExecuteOptions {
  readonly rules: SessionRules
}

/** What the server may send beside the rows of the budget before the connection is cut. */
const SLACK_BYTES = 4 * 1024 * 1024
/** Time that the server has to keep its own time-out. */
const GRACE_MS = 2_000
const MAX_STATEMENT = 8 * 1024 * 1024
const MAX_PARAMETERS = 65_535

/** Runs a statement in a session of the pool, which is made like new behind it, or ended where that is in doubt. */
export async function executeIn(
  pool: LanePool<PgSession>,
  statement: Statement,
  options: Execution,
): Promise<SqlResult> {
  refuseUnsendable(statement)
  const { budget, lane } = options
  const deadline = AbortSignal.timeout(budget.timeoutMs + GRACE_MS)
  const signal = AbortSignal.any([options.signal, deadline])
  try {
    return await useSession(pool, statement, { ...options, signal, lane })
  } catch (failure) {
    if (deadline.aborted && !options.signal.aborted) throw tookTooLong()
    throw failure
  }
}

/** The text of a statement ends at NUL in the protocol: what follows it would be read as something else. */
function refuseUnsendable({ text, parameters }: Statement): void {
  const reason = text.includes('\0')
    ? 'A statement cannot hold NUL'
    : Buffer.byteLength(text) > MAX_STATEMENT
      ? `A statement may have ${MAX_STATEMENT} bytes`
      : parameters.length > MAX_PARAMETERS
        ? `A statement may have ${MAX_PARAMETERS} parameters`
        : undefined
  if (reason === undefined) return
  throw new SqlFailure({ kind: 'statement', state: '54000', text: reason, isTextSafe: true })
}

/** Used sessions that died unnoticed are replaced, if the server has not come to the statement. */
async function useSession(pool: LanePool<PgSession>, statement: Statement, options: Execution): Promise<SqlResult> {
  for (;;) {
    const session = await acquire(pool, options)
    const { isUsed } = session
    session.isUsed = true
    try {
      return await runIn(pool, session, { statement, options })
    } catch (failure) {
      if (!(failure instanceof NotBegunError)) throw failure
      const known = toSqlFailure(failure.cause)
      if (known.kind !== 'unavailable' || !isUsed) throw known
      pool.drop(session)
    }
  }
}

async function acquire(pool: LanePool<PgSession>, { lane, signal }: Execution): Promise<PgSession> {
  try {
    return await pool.acquire(lane, signal)
  } catch (failure) {
    signal.throwIfAborted()
    throw failure instanceof ToolgateError ? failure : toSqlFailure(failure)
  }
}

async function runIn(
  pool: LanePool<PgSession>,
  session: PgSession,
  { statement, options }: { readonly statement: Statement; readonly options: Execution },
): Promise<SqlResult> {
  const { access, budget, identity, rules, signal } = options
  const begin = writeBegin({ access, budget, isGuarded: statement.isGuarded === true, ...rules })
  const preludes = [...begin, ...writeIdentity(identity)]
  session.limitBytes(budget.maxBytes * 4 + SLACK_BYTES)
  try {
    return await underCancel(pool, session, signal, () =>
      runStatement(session, statement, { access, budget, preludes, types: rules.types }),
    )
  } finally {
    void makeLikeNew(pool, session)
  }
}

const RESET_MS = 5_000

/** The second ends what outlives a transaction: settings, roles, locks, prepared statements, temporary tables. */
const RESET: readonly Prelude[] = [{ text: 'ROLLBACK' }, { text: 'DISCARD ALL' }]

/** Not awaited by the caller, who has the answer. */
async function makeLikeNew(pool: LanePool<PgSession>, session: PgSession): Promise<void> {
  const late = AbortSignal.timeout(RESET_MS)
  const drop = (): void => pool.drop(session)
  late.addEventListener('abort', drop, { once: true })
  try {
    session.limitBytes(SLACK_BYTES)
    await fly(session, { preludes: RESET })
    if (session.isDoomed) pool.drop(session)
    else pool.release(session)
  } catch {
    pool.drop(session)
  } finally {
    late.removeEventListener('abort', drop)
  }
}

const CANCEL_WAIT_MS = 2_000

/**
 * Does the work; when the signal fires, the server is told to stop it, and the session ends: a cancel request that comes
 * late must not meet somebody else's statement. Work that was done all the same counts.
 */
async function underCancel<T>(
  pool: LanePool<PgSession>,
  session: PgSession,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const running = work()
  let stopped: Promise<unknown> | undefined
  const stop = (): void => {
    stopped = Promise.all([session.cancel(), Promise.race([running, delay(CANCEL_WAIT_MS)])]).catch(() => {})
    void stopped.then(() => pool.drop(session))
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await running
  } catch (failure) {
    await stopped
    signal.throwIfAborted()
    throw failure
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function tookTooLong(): SqlFailure {
  const text = 'The statement took longer than it may'
  return new SqlFailure({ kind: 'resources', state: '57014', text, isTextSafe: true })
}
