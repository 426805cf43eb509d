import type { ExecuteOptions, SqlIdentity } from '../sql/database.ts'
import type { Prelude } from './flight.ts'
import { GUARDED_SESSION } from './guard/guard-rules.ts'
import { quoteIdentifier, quoteText } from './postgres-dialect.ts'

/** What a transaction is begun with. */
export interface BeginOptions extends Pick<ExecuteOptions, 'access' | 'budget'> {
  readonly isGuarded: boolean
  /** Schemas in which names without one are looked for, after the engine's own. */
  readonly schemas: readonly string[]
  /** Whether the login may limit its temporary files. */
  readonly canLimitFiles: boolean
}

/**
 * Begins a transaction under limits that end with it. They are set by one query, which costs less than as many commands,
 * and which makes READ ONLY final: up to the first query, a transaction can still be made one that writes.
 */
export function writeBegin({ access, budget, isGuarded, schemas, canLimitFiles }: BeginOptions): readonly Prelude[] {
  const timeoutMs = Math.trunc(budget.timeoutMs)
  const path = ['pg_catalog', ...schemas.map(quoteIdentifier), 'pg_temp'].join(', ')
  const settings: Readonly<Record<string, string>> = {
    statement_timeout: String(timeoutMs),
    lock_timeout: String(timeoutMs),
    idle_in_transaction_session_timeout: String(timeoutMs + IDLE_MS),
    work_mem: '16MB',
    search_path: isGuarded ? String(GUARDED_SESSION.search_path) : path,
    standard_conforming_strings: 'on',
    datestyle: 'ISO, YMD',
    intervalstyle: 'iso_8601',
    bytea_output: 'hex',
    extra_float_digits: '1',
    ...(canLimitFiles && { temp_file_limit: '256MB' }),
  }
  const calls = Object.entries(settings).map(
    ([name, value]) => `pg_catalog.set_config(${quoteText(name)}, ${quoteText(value)}, true)`,
  )
  return [{ text: `BEGIN ${access === 'read' ? 'READ ONLY' : 'READ WRITE'}` }, { text: `SELECT ${calls.join(', ')}` }]
}

const IDLE_MS = 10_000

/** Tells the session whom the statement is for, until the transaction ends; nothing when there is nothing to tell. */
export function writeIdentity({ role, settings }: SqlIdentity): readonly Prelude[] {
  // The role comes last: it may not be allowed to read the settings, but the login is.
  const told = [...Object.entries(settings), ...(role === undefined ? [] : [['role', role] as const])]
  if (told.length === 0) return []
  const calls = told.map((_, at) => `pg_catalog.set_config($${at * 2 + 1}, $${at * 2 + 2}, true)`)
  return [{ text: `SELECT ${calls.join(', ')}`, values: told.flat() }]
}
