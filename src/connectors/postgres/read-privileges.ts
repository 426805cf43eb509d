import type { ExposedName } from '../sql/database.ts'
import type { PrivilegeFinding, PrivilegeReport } from '../sql/privilege-report.ts'
import { quoteText } from './postgres-dialect.ts'
import type { ReadCatalogue } from './read-schema.ts'
import { writeRemedy } from './write-remedy.ts'

/** Looks at what the login of the sessions may do. */
export async function readPrivileges(
  read: ReadCatalogue,
  exposed: readonly ExposedName[],
  signal: AbortSignal,
): Promise<PrivilegeReport> {
  const { rows } = await read(writeQuery(exposed), signal)
  const facts = rows[0]?.[0] as unknown as Facts
  return {
    login: facts.login,
    server: `PostgreSQL ${facts.version}`,
    findings: findingsOf(facts),
    remedy: writeRemedy(exposed, facts.database),
  }
}

interface Facts {
  readonly login: string
  readonly version: string
  readonly database: string
  readonly isSuper: boolean
  readonly bypasses: boolean
  readonly attributes: readonly string[] | null
  readonly member_of: readonly string[] | null
  readonly owned: readonly string[] | null
  readonly writable: readonly string[] | null
  readonly creates: readonly string[] | null
  readonly functions: readonly string[] | null
  readonly views: readonly string[] | null
  readonly settings: readonly string[] | null
  readonly connections: number
}

function findingsOf(facts: Facts): readonly PrivilegeFinding[] {
  // A superuser may do all of the rest.
  if (facts.isSuper) return [refuse('superuser', 'It is a superuser: it reads files and runs programs of the server.')]
  const files = facts.functions?.filter((name) => !name.includes('dblink'))
  const limits = ['statement_timeout', 'temp_file_limit'].filter(
    (name) => !facts.settings?.some((setting) => setting.startsWith(`${name}=`)),
  )
  return [
    ...when(facts.bypasses, refuse('bypass-row-security', 'It passes by row-level security.')),
    ...about(facts.owned, (tables) =>
      refuse('owner', 'It owns tables, and row-level security is not for owners.', tables),
    ),
    ...about(facts.member_of, (roles) => memberFinding(roles)),
    ...about(facts.attributes, (names) => warn('role-attributes', `It has ${names.join(', ')}.`)),
    ...about(facts.creates, (places) => warn('can-create', `It may create objects in ${places.join(', ')}.`)),
    ...about(facts.writable, (tables) => warn('can-write', 'It may write.', tables)),
    ...about(files, (names) => refuse('file-functions', `It may call ${names.join(', ')}.`)),
    ...when(
      files?.length !== facts.functions?.length,
      warn('dblink', 'It may call dblink, which connects to other databases.'),
    ),
    ...about(facts.views, (tables) =>
      warn('owner-views', 'These views read with the rights of their owner, whatever the login may see.', tables),
    ),
    ...about(limits, (names) => warn('no-role-limits', `Its role sets no ${names.join(' and no ')}.`)),
    ...when(facts.connections < 0, warn('no-connection-limit', 'Its role has no limit of connections.')),
  ]
}

/** Roles of the server itself read files or all tables; others may be those that identities take on. */
function memberFinding(roles: readonly string[]): PrivilegeFinding {
  const strong = roles.filter((role) => role.startsWith('pg_'))
  return strong.length > 0
    ? refuse('strong-roles', `It is a member of ${strong.join(', ')}.`)
    : warn('member-of-roles', `It is a member of ${roles.join(', ')}, and can take their place.`)
}

function about<T>(
  found: readonly T[] | null | undefined,
  write: (found: readonly T[]) => PrivilegeFinding,
): readonly PrivilegeFinding[] {
  return found === null || found === undefined || found.length === 0 ? [] : [write(found)]
}

function when(holds: boolean, finding: PrivilegeFinding): readonly PrivilegeFinding[] {
  return holds ? [finding] : []
}

function refuse(code: string, message: string, tables?: readonly string[]): PrivilegeFinding {
  return { severity: 'refuse', code, message, ...(tables !== undefined && { tables }) }
}

function warn(code: string, message: string, tables?: readonly string[]): PrivilegeFinding {
  return { severity: 'warn', code, message, ...(tables !== undefined && { tables }) }
}

const USER_TABLES = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'v', 'm', 'p', 'f')`
const NAME = `n.nspname || '.' || c.relname`

/** Functions that reach files, programs or other databases; PUBLIC may call those of dblink. */
const FUNCTIONS = `SELECT json_agg(DISTINCT p.proname ORDER BY p.proname) FROM pg_proc p
  WHERE (p.proname ~ '^(pg_read_(binary_)?file|pg_ls_dir|pg_stat_file|lo_import|lo_export|pg_file_.*|dblink.*)$')
    AND p.proname NOT IN ('dblink_fdw_validator') AND has_function_privilege(p.oid, 'EXECUTE')`

function writeQuery(exposed: readonly ExposedName[]): string {
  const names = exposed.map(({ schema, name }) => `(${quoteText(schema)}, ${quoteText(name)})`).join(', ')
  const isExposed = names === '' ? 'false' : `(n.nspname, c.relname) IN (${names})`
  const writes = ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'].map((right) => `has_table_privilege(c.oid, '${right}')`)
  return `SELECT json_build_object(
    'login', r.rolname, 'version', current_setting('server_version'), 'database', current_database(),
    'isSuper', r.rolsuper, 'bypasses', r.rolbypassrls, 'connections', r.rolconnlimit, 'settings', to_json(r.rolconfig),
    'attributes', (SELECT json_agg(x) FROM (VALUES (r.rolcreaterole, 'CREATEROLE'), (r.rolcreatedb, 'CREATEDB'),
      (r.rolreplication, 'REPLICATION')) AS v(holds, x) WHERE holds),
    'member_of', (SELECT json_agg(m.rolname ORDER BY m.rolname) FROM pg_roles m
      WHERE m.oid <> r.oid AND pg_has_role(r.oid, m.oid, 'MEMBER')),
    'owned', (SELECT json_agg(${NAME} ORDER BY 1) FROM ${USER_TABLES} AND ${isExposed} AND pg_has_role(c.relowner, 'MEMBER')),
    'writable', (SELECT json_agg(${NAME}) FROM ${USER_TABLES} AND (${writes.join(' OR ')})),
    'creates', (SELECT json_agg(x) FROM (
      SELECT 'schema ' || n.nspname AS x FROM pg_namespace n
        WHERE n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, 'CREATE')
      UNION ALL SELECT 'the database' WHERE has_database_privilege(current_database(), 'CREATE')) AS places),
    'functions', (${FUNCTIONS}),
    'views', (SELECT json_agg(${NAME}) FROM ${USER_TABLES} AND ${isExposed} AND c.relkind IN ('v', 'm')
      AND NOT coalesce(c.reloptions::text ~ 'security_invoker=(true|on|1|yes)', false))
  ) FROM pg_roles r WHERE r.rolname = session_user`
}
