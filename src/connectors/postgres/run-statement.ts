import type { FieldDef, QueryResult } from 'pg'
import type { ExecuteOptions, SqlResult, Statement } from '../sql/database.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { createRowCollector, type RowCollector } from './collect-rows.ts'
import type { PgSession } from './open-session.ts'
import type { PgTypes } from './read-types.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/**
 * Runs one statement by the extended protocol, which takes no second one, and reads it in batches under the budget. A
 * statement that writes is read to its end, or its effects would be lost with what is not read.
 */
export async function runStatement(
  session: PgSession,
  { text, parameters, isGuarded }: Statement,
  { access, budget, types }: Pick<ExecuteOptions, 'access' | 'budget'> & { readonly types: PgTypes },
): Promise<SqlResult> {
  const { client, driver } = session
  const cursor = new driver.Cursor<readonly (string | null)[]>(text, [...parameters], {
    rowMode: 'array',
    types: { getTypeParser: () => (value: string) => value },
  })
  refuseCopy(cursor)
  const collector = createRowCollector(budget, types)
  let fields: readonly FieldDef[] = []
  cursor.on('row', (row: readonly (string | null)[], result: QueryResult) => {
    fields = result.fields
    collector.add(row, fields)
  })
  try {
    client.query(cursor)
    const result = await readAll(cursor, { collector, budget, access })
    fields = result?.fields ?? fields
    const isChange = result?.command !== null && CHANGES.has(String(result?.command))
    const collected = collector.finish(fields)
    return isChange ? { ...collected, changed: result?.rowCount ?? 0 } : collected
  } catch (failure) {
    // What came before the limit counts; what was written is undone by the server.
    if (session.isOverLimit && access === 'read') return { ...collector.finish(fields), truncated: 'bytes' }
    if (session.isOverLimit) throw overLimit()
    throw toSqlFailure(failure, isGuarded)
  }
}

const CHANGES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

type Cursor = InstanceType<PgSession['driver']['Cursor']>

interface Reading extends Pick<ExecuteOptions, 'budget' | 'access'> {
  readonly collector: RowCollector
}

const FIRST_BATCH = 100
const MAX_BATCH = 1_000

async function readAll(cursor: Cursor, { collector, budget, access }: Reading): Promise<QueryResult | undefined> {
  let last: QueryResult | undefined
  let size = Math.min(budget.maxRows + 1, FIRST_BATCH)
  for (;;) {
    const { count, result } = await readBatch(cursor, size)
    last = result ?? last
    if (count < size) return last
    if (collector.isFull && access === 'read') {
      await cursor.close()
      return last
    }
    size = Math.min(size * 2, MAX_BATCH)
  }
}

function readBatch(cursor: Cursor, size: number): Promise<{ count: number; result: QueryResult | undefined }> {
  return new Promise((resolve, reject) => {
    cursor.read(size, (failure, rows, result) => {
      if (failure) reject(failure)
      else resolve({ count: rows.length, result })
    })
  })
}

/** The driver calls these on whatever runs, and the cursor has them not: COPY would end the process. */
function refuseCopy(cursor: Cursor): void {
  Object.assign(cursor, {
    handleCopyInResponse: (connection: { sendCopyFail(reason: string): void }) => connection.sendCopyFail('refused'),
    handleCopyData: () => {},
  })
}

function overLimit(): SqlFailure {
  const text = 'The answer was too large, so nothing was changed'
  return new SqlFailure({ kind: 'resources', state: 'too-large', text, isTextSafe: true })
}
