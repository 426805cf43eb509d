import type { ExecuteOptions, SqlResult, Statement } from '../sql/database.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { createRowCollector, type RowCollector } from './collect-rows.ts'
import { type FlightEnd, type FlightPlan, fly, NotBegunError, type Prelude } from './flight.ts'
import type { PgSession } from './open-session.ts'
import type { PgTypes } from './read-types.ts'
import { toSqlFailure } from './to-sql-failure.ts'
import { writeValue } from './write-value.ts'

interface Running extends Pick<ExecuteOptions, 'access' | 'budget'> {
  /** What begins the transaction and sets its limits. */
  readonly preludes: readonly Prelude[]
  readonly types: PgTypes
}

/**
 * Runs one statement by the extended protocol, which takes no second one, and reads it under the budget. A statement that
 * writes is read to its end, or its effects would be lost with what is not read. Rejects with `NotBegunError` where the
 * server had not come to the statement.
 */
export async function runStatement(
  session: PgSession,
  { text, parameters, isGuarded }: Statement,
  { access, budget, preludes, types }: Running,
): Promise<SqlResult> {
  const rows = createRowCollector(budget, types)
  const statement = { text, values: parameters.map(writeValue) }
  try {
    const reading = { rows, first: Math.min(budget.maxRows + 1, FIRST_BATCH) }
    const { tag } =
      access === 'read'
        ? await read(session, { preludes, statement }, reading)
        : await write(session, { preludes, statement }, rows)
    const [command = '', ...counts] = tag.split(' ')
    return CHANGES.has(command) ? { ...rows.finish(), changed: Number(counts.at(-1)) } : rows.finish()
  } catch (failure) {
    // What came before the limit counts; what was written is undone by the server.
    if (session.isOverLimit && access === 'read') return { ...rows.finish(), truncated: 'bytes' }
    if (session.isOverLimit) throw overLimit()
    throw failure instanceof NotBegunError ? failure : toSqlFailure(failure, isGuarded)
  }
}

const CHANGES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** As many rows of any width come before it is known how wide they are. */
const FIRST_BATCH = 128
const MAX_BATCH = 5_000

type Sent = Required<Pick<FlightPlan, 'preludes' | 'statement'>>

/** Everything up to the first rows goes to the server at once. */
async function read(
  session: PgSession,
  { preludes, statement }: Sent,
  { rows, first }: { readonly rows: RowCollector; readonly first: number },
): Promise<FlightEnd> {
  const onRow: FlightPlan['onRow'] = (row) => rows.add(row)
  const onFields: FlightPlan['onFields'] = (fields) => rows.describe(fields)
  let end = await fly(session, { preludes, statement, maxRows: first, onFields, onRow })
  while (end.hasMore && !rows.isFull) {
    end = await fly(session, { goesOn: true, maxRows: Math.min(rows.room, MAX_BATCH), onRow })
  }
  return end
}

/** The statement goes when the transaction is known to have begun: what may have written is never tried again. */
async function write(session: PgSession, { preludes, statement }: Sent, rows: RowCollector): Promise<FlightEnd> {
  await fly(session, { preludes })
  const onRow: FlightPlan['onRow'] = (row) => rows.add(row)
  const end = await fly(session, { statement, onRow, onFields: (fields) => rows.describe(fields) })
  await fly(session, { statement: { text: 'COMMIT', values: [] } })
  return end
}

function overLimit(): SqlFailure {
  const text = 'The answer was too large, so nothing was changed'
  return new SqlFailure({ kind: 'resources', state: 'too-large', text, isTextSafe: true })
}
