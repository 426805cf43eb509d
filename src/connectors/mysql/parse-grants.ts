/** One line of SHOW GRANTS. */
export interface Grant {
  /** Upper case, without the columns they may be held to: `SELECT`, `ALL PRIVILEGES`; of a role its name. */
  readonly privileges: readonly string[]
  /** What it is about. `other` for routines, proxies and what is not known. */
  readonly on:
    | { readonly kind: 'server' }
    | { readonly kind: 'database'; readonly database: string }
    | { readonly kind: 'table'; readonly database: string; readonly table: string }
    | { readonly kind: 'role' }
    | { readonly kind: 'other'; readonly text: string }
  readonly mayGrant: boolean
}

const NAME = '`((?:[^`]|``)*)`'
const ON_TABLE = new RegExp(`^${NAME}\\.${NAME}$`)
const ON_DATABASE = new RegExp(`^${NAME}\\.\\*$`)

/** Reads a line of SHOW GRANTS of MySQL or MariaDB. One of an unknown form is kept as `other`: it is never overlooked. */
export function parseGrant(line: string): Grant | undefined {
  // SET DEFAULT ROLE and the like give nothing by themselves.
  if (/^SET DEFAULT ROLE /i.test(line)) return undefined
  const mayGrant = / WITH (ADMIN|GRANT) OPTION\b/i.test(line)
  const found = /^GRANT (.+?) ON (.+?) TO /is.exec(line)
  if (found === null) {
    const role = /^GRANT (.+?) TO /is.exec(line)?.[1]
    return {
      privileges: [role ?? line],
      on: role === undefined ? { kind: 'other', text: line } : { kind: 'role' },
      mayGrant,
    }
  }
  const [, privileges = '', on = ''] = found
  return { privileges: splitPrivileges(privileges), on: parseOn(on), mayGrant }
}

function splitPrivileges(text: string): readonly string[] {
  return text
    .replaceAll(/\([^)]*\)/g, '')
    .split(',')
    .map((privilege) => privilege.trim().toUpperCase())
}

function parseOn(text: string): Grant['on'] {
  if (text === '*.*') return { kind: 'server' }
  const [, database] = ON_DATABASE.exec(text) ?? []
  if (database !== undefined) return { kind: 'database', database: unquote(database) }
  const [, schema, table] = ON_TABLE.exec(text) ?? []
  if (schema === undefined || table === undefined) return { kind: 'other', text }
  return { kind: 'table', database: unquote(schema), table: unquote(table) }
}

function unquote(name: string): string {
  return name.replaceAll('``', '`')
}
