import { ToolgateError, UserError } from '../../errors.ts'
import { qualifiedName, type Table } from '../sql/database-schema.ts'
import type { FreeSql, TableView, WithheldTable } from '../sql/free-sql.ts'
import type { Ask } from './mysql-database.ts'
import { type Grants, readGrants } from './read-privileges.ts'

/**
 * Nothing reads the SQL of MySQL and MariaDB as their servers do, so no statement is rewritten here. Free SQL is offered
 * where the grants of the login hold it: it reads the tables that are exposed and nothing else, and the caller may see
 * all of them, whole. The protocol takes one statement; the transaction cannot write; time, rows and bytes are bounded;
 * the session is reset. What no grant can hold back is refused by its name, wherever in the text it stands.
 */
export function createFreeSql(database: string | undefined, asking: (signal: AbortSignal) => Ask): FreeSql {
  let refused = 'Free SQL is not ready.'
  let tables: readonly string[] = []
  return {
    async prepare(exposed, signal) {
      refused = 'Free SQL is not ready.'
      tables = exposed.map(qualifiedName)
      const reason = reasonAgainst(await readGrants(asking(signal)), tables, database)
      if (reason === undefined) {
        refused = ''
        return
      }
      refused = 'Free SQL is off: the login of this server may do more than read what is offered.'
      throw unheld(reason)
    },
    enforcesRows: () => false,
    guard(sql, views, withheld) {
      if (refused !== '') throw new UserError(refused)
      checkViews(tables, views, withheld)
      checkText(sql)
      return { text: sql, parameters: [], isGuarded: true }
    },
  }
}

function unheld(reason: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `Free SQL cannot be held to what is exposed: ${reason}`,
    hint: 'Make a login that has SELECT on the exposed tables, one by one, and nothing else; or remove freeSql.enabled and write named queries.',
  })
}

/** Why the grants of the login do not hold free SQL; undefined when they do. */
function reasonAgainst(
  { grants, readable, writable }: Grants,
  exposed: readonly string[],
  database?: string,
): string | undefined {
  if (database !== undefined && /^(information|performance)_schema$/i.test(database))
    return 'the database of the url is one of the server itself.'
  for (const { on, privileges, mayGrant } of grants) {
    const isNothing = on.kind === 'server' && privileges.every((name) => name === 'USAGE')
    const isTable = on.kind === 'table' && privileges.every((name) => name === 'SELECT')
    if (mayGrant) return 'its login may give away what it has.'
    if (!isNothing && !isTable) return `its login has ${privileges.join(', ')} on ${describeOn(on)}.`
  }
  const more = readable.find((name) => !exposed.includes(name))
  if (more !== undefined) return `its login reads ${more}, which is not exposed.`
  return writable.length === 0 ? undefined : `its login may change ${writable[0]}.`
}

function describeOn(on: Grants['grants'][number]['on']): string {
  if (on.kind === 'server') return 'the whole server'
  if (on.kind === 'database') return `the whole database ${on.database}`
  if (on.kind === 'table') return `${on.database}.${on.table}`
  return on.kind === 'role' ? 'itself, as a role' : on.text
}

/** The login reads every exposed table whole, so the caller must be one who may. */
function checkViews(tables: readonly string[], views: readonly TableView[], withheld: readonly WithheldTable[]): void {
  const [first] = withheld
  if (first !== undefined) throw new UserError(`Free SQL is not for you here, for it cannot be held. ${first.reason}`)
  const partly = views.find(
    ({ table, columns, masks, where }) =>
      where !== undefined || Object.keys(masks).length > 0 || columns.length < table.columns.length,
  )
  if (partly !== undefined) {
    throw new UserError(
      `Free SQL is not for you here: you see ${qualifiedName(partly.table)} in part alone, and free SQL cannot be held to that. Use find or count.`,
    )
  }
  const seen = new Set(views.map(({ table }: { readonly table: Table }) => qualifiedName(table)))
  if (tables.some((name) => !seen.has(name))) {
    throw new UserError('Free SQL is not for you here: it cannot be held to what you may see. Use find or count.')
  }
}

const LEADING = /^(?:\s+|\(|--[ \t][^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!M?!)[\s\S]*?\*\/)/i

/**
 * Characters that the server takes for the letters of a name are more than 26: it folds some beyond ASCII to them. So any
 * of those counts as every letter.
 */
function named(name: string): RegExp {
  return new RegExp([...name].map((char) => (/[a-z]/.test(char) ? `[${char}\\u0080-\\uffff]` : char)).join(''), 'i')
}

/** What the grants of no login hold back. */
const REFUSED: readonly { readonly test: RegExp; readonly what: string }[] = [
  ...['information_schema', 'performance_schema', 'processlist'].map((name) => ({
    test: named(name),
    what: `${name} tells of other callers`,
  })),
  { test: /@@/, what: '@@ reads settings of the server' },
  { test: /:=/, what: ':= changes what the session is told of you' },
  { test: /\/\*M?!/i, what: 'a comment that is executed cannot be checked' },
  { test: /\bprocedure\b/i, what: 'PROCEDURE runs other code' },
]

/** Words that, together, take locks under which others wait. */
const LOCKS: readonly (readonly RegExp[])[] = [
  [/\bfor\b/i, /\b(update|share)\b/i],
  [/\block\b/i, /\bshare\b/i],
]

/** Looks at the text as it stands, strings and comments too: nothing can be hidden from a check that skips nothing. */
function checkText(sql: string): void {
  if (sql.includes('\0')) throw new UserError('The statement holds a NUL character.')
  let rest = sql
  for (let found = LEADING.exec(rest); found !== null; found = LEADING.exec(rest)) rest = rest.slice(found[0].length)
  if (!/^(select|with|values|table)\b/i.test(rest)) {
    throw new UserError('Write one SELECT; WITH, VALUES and TABLE may stand in its place.')
  }
  const refused = REFUSED.find(({ test }) => test.test(sql))
  if (refused !== undefined) throw new UserError(`Leave it out, also in strings and comments: ${refused.what}.`)
  if (LOCKS.some((words) => words.every((word) => word.test(sql)))) {
    throw new UserError('Leave out FOR UPDATE, FOR SHARE and LOCK IN SHARE MODE, also in strings: others would wait.')
  }
}
