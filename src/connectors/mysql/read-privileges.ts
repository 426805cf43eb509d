import type { ExposedName } from '../sql/database.ts'
import type { PrivilegeFinding, PrivilegeReport } from '../sql/privilege-report.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import type { Ask, MysqlServer } from './mysql-database.ts'
import { mysqlDialect } from './mysql-dialect.ts'
import { type Grant, parseGrant } from './parse-grants.ts'
import { SYSTEM_DATABASES } from './read-schema.ts'

/** What the login may do, by what the server says of it. */
export interface Grants {
  readonly grants: readonly Grant[]
  /** `database.table` of all that it can read, whatever the reason: grants, roles, grants to everybody. */
  readonly readable: readonly string[]
  /** The same for what it can insert into or update. */
  readonly writable: readonly string[]
}

/** Asks the server. Grants to everybody count as the login's; so do those to the anonymous user, which no list names. */
export async function readGrants(ask: Ask): Promise<Grants> {
  const lines = [...(await ask('SHOW GRANTS')), ...(await ofEverybody(ask))]
  // The login's effective privileges, column by column: this sees what no line of SHOW GRANTS says.
  const effective = await ask(
    `SELECT TABLE_SCHEMA, TABLE_NAME, MAX(PRIVILEGES LIKE '%select%'), MAX(PRIVILEGES LIKE '%insert%' OR PRIVILEGES LIKE '%update%') FROM information_schema.COLUMNS WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema') GROUP BY TABLE_SCHEMA, TABLE_NAME`,
  )
  const names = (index: number): readonly string[] =>
    effective.filter((row) => Number(row[index]) > 0).map(([schema, table]) => `${schema}.${table}`)
  return { grants: lines.flatMap(([line]) => parseGrant(String(line)) ?? []), readable: names(2), writable: names(3) }
}

async function ofEverybody(ask: Ask): ReturnType<Ask> {
  try {
    return await ask('SHOW GRANTS FOR PUBLIC')
  } catch (thrown) {
    // MySQL and older MariaDB have no PUBLIC, and say so as syntax or as a user that is not there.
    if (thrown instanceof SqlFailure && thrown.kind !== 'unavailable') return []
    throw thrown
  }
}

/** Holds what the login may do against what a login for AI clients needs: to read the tables that are exposed. */
export async function readPrivileges(
  ask: Ask,
  server: MysqlServer,
  exposed: readonly ExposedName[],
): Promise<PrivilegeReport> {
  const [row] = await ask('SELECT CURRENT_USER()')
  const grants = await readGrants(ask)
  return {
    login: String(row?.[0]),
    server: server.isMariaDb ? server.version : `MySQL ${server.version}`,
    findings: [...ofServer(grants), ...ofDatabases(grants), ...ofTables(grants, exposed)],
    remedy: writeRemedy(exposed),
  }
}

const WRITES = [
  'INSERT',
  'UPDATE',
  'DELETE',
  'CREATE',
  'DROP',
  'ALTER',
  'INDEX',
  'TRIGGER',
  'CREATE VIEW',
  'CREATE ROUTINE',
  'ALTER ROUTINE',
  'EVENT',
  'DELETE HISTORY',
  'REFERENCES',
  'ALL PRIVILEGES',
  'ALL',
]
/** Harmless for the whole server. */
const MILD = ['USAGE', 'SHOW DATABASES', 'SHOW VIEW', 'LOCK TABLES', 'CREATE TEMPORARY TABLES']
const OF_TABLES = ['SELECT', 'EXECUTE', ...WRITES]

function ofServer({ grants }: Grants): readonly PrivilegeFinding[] {
  const held = new Set(grants.filter(({ on }) => on.kind === 'server').flatMap(({ privileges }) => privileges))
  const has = (...names: readonly string[]): boolean => names.some((name) => held.has(name))
  const isAll = has('ALL PRIVILEGES', 'ALL')
  const administers = [...held].filter((name) => ![...MILD, ...OF_TABLES, 'FILE', 'PROCESS', 'SUPER'].includes(name))
  return [
    ...when(isAll || has('SUPER'), 'superuser', 'It may administer the server.'),
    ...when(
      !isAll && administers.length > 0,
      'administration',
      `It has privileges over the server: ${administers.join(', ')}.`,
    ),
    ...when(isAll || has('FILE'), 'file-functions', 'It may read and write files of the server.'),
    ...when(isAll || has('PROCESS'), 'process', 'It sees the statements of other logins.'),
    ...when(isAll || has('SELECT'), 'all-databases', 'It reads every database.'),
    ...when(isAll || has(...WRITES), 'can-write', 'It may change every database.'),
    ...when(
      grants.some(({ mayGrant }) => mayGrant),
      'grant-option',
      'It may give away what it has.',
    ),
    ...when(
      grants.some(({ on }) => on.kind === 'other' && /^PROXY|@/.test(on.text)),
      'proxy',
      'It may act as another login.',
    ),
  ]
}

function ofDatabases({ grants, readable, writable }: Grants): readonly PrivilegeFinding[] {
  const of = (privileges: readonly string[]): readonly string[] =>
    grants.flatMap(({ on, privileges: held }) =>
      on.kind === 'database' && held.some((name) => privileges.includes(name)) ? [`${on.database}.*`] : [],
    )
  const system = readable.filter((name) => SYSTEM_DATABASES.includes(name.split('.')[0] ?? ''))
  const executes = grants.filter(({ on, privileges }) => on.kind !== 'role' && privileges.includes('EXECUTE'))
  return [
    ...when(of(WRITES).length > 0, 'can-write', 'It may change whole databases.', of(WRITES)),
    ...when(system.length > 0, 'system-tables', 'It reads tables of the server itself.', system.slice(0, 20)),
    ...warn(
      of(['SELECT']).length > 0,
      'reads-databases',
      'It reads whole databases, and tables that are made later.',
      of(['SELECT']),
    ),
    ...warn(executes.length > 0, 'execute', 'It may call routines, which have the rights of those who made them.'),
    ...warn(writable.length > 0, 'can-write-tables', 'It may change tables.', writable.slice(0, 20)),
  ]
}

function ofTables({ grants, readable }: Grants, exposed: readonly ExposedName[]): readonly PrivilegeFinding[] {
  const offered = new Set(exposed.map(({ schema, name }) => `${schema}.${name}`))
  const more = readable.filter((name) => !offered.has(name) && !SYSTEM_DATABASES.includes(name.split('.')[0] ?? ''))
  const roles = grants.filter(({ on }) => on.kind === 'role').flatMap(({ privileges }) => privileges)
  return [
    ...warn(more.length > 0, 'reads-more', `It reads ${more.length} tables that are not offered.`, more.slice(0, 20)),
    ...warn(roles.length > 0, 'roles', `It can take on roles: ${roles.join(', ')}.`),
  ]
}

function when(is: boolean, code: string, message: string, tables: readonly string[] = []): readonly PrivilegeFinding[] {
  return is ? [{ severity: 'refuse', code, message, ...(tables.length === 0 ? {} : { tables }) }] : []
}

function warn(...finding: Parameters<typeof when>): readonly PrivilegeFinding[] {
  return when(...finding).map((found) => ({ ...found, severity: 'warn' }))
}

/** A login that reads what is exposed, table by table: a table that is made later is not among them. */
function writeRemedy(exposed: readonly ExposedName[]): readonly string[] {
  const { quote } = mysqlDialect
  return [
    "CREATE USER 'toolgate'@'%' IDENTIFIED BY 'choose a password';",
    ...exposed.map(({ schema, name }) => `GRANT SELECT ON ${quote(schema)}.${quote(name)} TO 'toolgate'@'%';`),
  ]
}
