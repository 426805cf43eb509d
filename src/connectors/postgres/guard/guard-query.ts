import { checkColumns } from './check-columns.ts'
import { checkStatement, type StatementForm } from './check-statement.ts'
import { checkText } from './check-text.ts'
import { createFindings } from './findings.ts'
import type { GuardRules, QualifiedName } from './guard-rules.ts'
import { Refusal } from './refusal.ts'
import { rewriteQuery } from './rewrite-query.ts'
import { loadSqlParser, type SqlParser } from './sql-parser.ts'

/** What the guard says to a statement. */
export type Verdict = AllowedQuery | RefusedQuery

/** The statement may be run, in the form of `sql`. */
export interface AllowedQuery {
  readonly kind: 'allowed'
  readonly form: StatementForm
  /** What to run: names with their schemas, replaced relations as subselects, no trailing semicolon or comment. */
  readonly sql: string
  /** The exposed relations it reads, in the order they are met. */
  readonly relations: readonly QualifiedName[]
  /** Functions it calls by name, without schema, sorted. */
  readonly functions: readonly string[]
}

/** The statement must not be run. All of it may be shown to the caller. */
export interface RefusedQuery {
  readonly kind: 'refused'
  /** What is not allowed, and what to do instead. */
  readonly reason: string
  /** Where in the statement: its characters, counted from 1, as PostgreSQL counts. */
  readonly position?: number
  /** The name that was probably meant; always one that may be used. */
  readonly didYouMean?: string
}

/** Decides on one statement. Reads no clock, no file and no database; throws nothing. */
export type GuardQuery = (sql: string, rules: GuardRules) => Verdict

/**
 * Loads PostgreSQL's grammar and gives the guard of free SQL. Rejects with `CONNECTOR_FAILED` where the optional package
 * `libpg-query` is missing.
 */
export async function loadGuard(): Promise<GuardQuery> {
  const parser = await loadSqlParser()
  return (sql, rules) => {
    try {
      return guardQuery(sql, rules, parser)
    } catch (thrown) {
      return toRefused(thrown, sql)
    }
  }
}

const DEFAULT_MAX_BYTES = 100_000

function guardQuery(sql: string, rules: GuardRules, parser: SqlParser): AllowedQuery {
  const text = checkText(sql, parser, rules.maxBytes ?? DEFAULT_MAX_BYTES)
  const [statement, second] = text.tokens.length === 0 ? [] : parser.parse(sql)
  if (statement === undefined) throw new Refusal('There is no statement. Send one SELECT.')
  if (second !== undefined) throw new Refusal('Only one statement at a time. Send them one after the other.')
  const findings = createFindings(rules, text, parser)
  const form = checkStatement(statement, findings)
  checkColumns(findings)
  return {
    kind: 'allowed',
    form,
    sql: rewriteQuery(statement, findings),
    relations: [...findings.relations].map(({ schema, name }) => ({ schema, name })),
    functions: [...findings.functions].sort(),
  }
}

/** Whatever goes wrong refuses. */
function toRefused(thrown: unknown, sql: string): RefusedQuery {
  if (!(thrown instanceof Refusal)) {
    return { kind: 'refused', reason: 'The statement could not be checked. Write it more plainly.' }
  }
  const { message: reason, byte, didYouMean } = thrown
  return {
    kind: 'refused',
    reason,
    ...(byte !== undefined && { position: characterAt(sql, byte) }),
    ...(didYouMean !== undefined && { didYouMean }),
  }
}

function characterAt(sql: string, byte: number): number {
  return [...Buffer.from(sql, 'utf8').subarray(0, byte).toString('utf8')].length + 1
}
