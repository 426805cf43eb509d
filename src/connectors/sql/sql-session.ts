import type { CallContext, Caller } from '../../capabilities/call-context.ts'
import { ToolgateError } from '../../errors.ts'
import type { ExecuteOptions, SqlDatabase, SqlIdentity, SqlResult, Statement } from './database.ts'
import { describeFailure } from './describe-failure.ts'
import type { BudgetOptions } from './options.ts'

/** How statements of callers reach the database. */
export interface SqlSession {
  /** Runs one for a caller. Rejects with what the caller may hear. */
  run(statement: Statement, context: Pick<CallContext, 'caller' | 'signal'>, wishes?: RunWishes): Promise<SqlResult>
}

export interface RunWishes {
  readonly access?: ExecuteOptions['access']
  readonly lane?: ExecuteOptions['lane']
  /** At most what the configuration allows. */
  readonly maxRows?: number
  readonly timeoutMs?: number
}

export interface SessionOptions {
  readonly connector: string
  readonly database: SqlDatabase
  readonly budget: BudgetOptions
  readonly identify: (caller: Caller) => SqlIdentity
}

/** Holds every statement to the budget, and every caller to as many at once as are allowed. */
export function createSqlSession({ connector, database, budget, identify }: SessionOptions): SqlSession {
  const running = new Map<string, number>()

  return {
    async run(statement, { caller, signal }, wishes = {}) {
      const count = running.get(caller.id) ?? 0
      if (count >= budget.maxPerCaller) throw tooMany(connector, budget.maxPerCaller)
      running.set(caller.id, count + 1)
      try {
        return await database.execute(statement, {
          signal,
          access: wishes.access ?? 'read',
          lane: wishes.lane ?? 'ordinary',
          identity: identify(caller),
          budget: {
            maxRows: Math.min(wishes.maxRows ?? budget.maxRows, budget.maxRows),
            maxBytes: budget.maxBytes,
            timeoutMs: wishes.timeoutMs ?? budget.timeoutMs,
          },
        })
      } catch (thrown) {
        throw describeFailure(thrown, connector)
      } finally {
        const left = (running.get(caller.id) ?? 1) - 1
        if (left === 0) running.delete(caller.id)
        else running.set(caller.id, left)
      }
    },
  }
}

function tooMany(connector: string, limit: number): ToolgateError {
  return new ToolgateError({
    code: 'OVERLOADED',
    message: `${limit} of your statements are already running in ${connector}.`,
    hint: 'Wait for one of them to end.',
    data: { retryAfter: 1 },
  })
}
