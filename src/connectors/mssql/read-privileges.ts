import type { ExposedName, SqlDatabase } from '../sql/database.ts'
import type { PrivilegeFinding, PrivilegeReport } from '../sql/privilege-report.ts'
import { mssqlDialect } from './mssql-dialect.ts'
import { readRows } from './read-schema.ts'

/** What the login can do beyond reading what is offered, asked of the engine itself. */
export async function readPrivileges(
  execute: SqlDatabase['execute'],
  about: { readonly exposed: readonly ExposedName[]; readonly database: string },
  signal: AbortSignal,
): Promise<PrivilegeReport> {
  const names = JSON.stringify(about.exposed.map((name) => mssqlDialect.from(asTable(name))))
  const [login = {}] = await readRows(execute, { text: LOGIN, parameters: [] }, signal)
  const writable = await readRows(execute, { text: WRITABLE, parameters: [names] }, signal)
  const findings = CHECKS.filter(({ code }) => login[code] === true || login[code] === 1).map(
    ({ code, severity, message }): PrivilegeFinding => ({ code, severity, message }),
  )
  if (writable.length > 0) {
    const tables = writable.map(({ name }) => String(name))
    const message =
      'The login can write tables that are offered for reading; nothing in SQL Server makes a transaction read-only.'
    findings.push({ severity: 'warn', code: 'can-write', message, tables })
  }
  return {
    login: String(login.login),
    server: String(login.server),
    findings,
    remedy: writeRemedy(about),
  }
}

const asTable = ({ schema, name }: ExposedName): Parameters<typeof mssqlDialect.from>[0] => ({
  schema,
  name,
  kind: 'table',
  columns: [],
  key: [],
  foreignKeys: [],
})

const CHECKS: readonly (Pick<PrivilegeFinding, 'severity' | 'code' | 'message'> & { readonly sql: string })[] = [
  {
    code: 'superuser',
    severity: 'refuse',
    message: 'The login is a sysadmin: no grant and no row security holds it, and it can run programs on the server.',
    sql: "IS_SRVROLEMEMBER('sysadmin')",
  },
  {
    code: 'server-control',
    severity: 'refuse',
    message: 'The login controls the server, which is as much as sysadmin.',
    sql: "HAS_PERMS_BY_NAME(NULL, NULL, 'CONTROL SERVER')",
  },
  {
    code: 'owner',
    severity: 'refuse',
    message: 'The login owns the database: it can change everything in it and switch off row security.',
    sql: "CASE WHEN IS_ROLEMEMBER('db_owner') = 1 OR HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CONTROL') = 1 THEN 1 ELSE 0 END",
  },
  {
    code: 'impersonate',
    severity: 'refuse',
    message: 'The login can take on any other login (EXECUTE AS).',
    sql: "HAS_PERMS_BY_NAME(NULL, NULL, 'IMPERSONATE ANY LOGIN')",
  },
  {
    code: 'security-admin',
    severity: 'refuse',
    message: 'The login can give itself rights.',
    sql: "CASE WHEN IS_ROLEMEMBER('db_securityadmin') = 1 OR IS_ROLEMEMBER('db_accessadmin') = 1 OR IS_SRVROLEMEMBER('securityadmin') = 1 THEN 1 ELSE 0 END",
  },
  {
    code: 'bypass-row-security',
    severity: 'warn',
    message: 'The login can change security policies, and with them which rows it sees.',
    sql: "HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'ALTER ANY SECURITY POLICY')",
  },
  {
    code: 'ddl',
    severity: 'warn',
    message: 'The login can change the schema.',
    sql: "CASE WHEN IS_ROLEMEMBER('db_ddladmin') = 1 OR HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE') = 1 THEN 1 ELSE 0 END",
  },
  {
    code: 'writes-everything',
    severity: 'warn',
    message: 'The login can write every table (db_datawriter, or UPDATE or DELETE on the database).',
    sql: "CASE WHEN IS_ROLEMEMBER('db_datawriter') = 1 OR HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'DELETE') = 1 OR HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'UPDATE') = 1 THEN 1 ELSE 0 END",
  },
  {
    code: 'file-functions',
    severity: 'warn',
    message: 'The login can read files of the server (ADMINISTER BULK OPERATIONS).',
    sql: "HAS_PERMS_BY_NAME(NULL, NULL, 'ADMINISTER BULK OPERATIONS')",
  },
  {
    code: 'runs-programs',
    severity: 'refuse',
    message: 'The login can run programs on the server (xp_cmdshell).',
    sql: "HAS_PERMS_BY_NAME('master.sys.xp_cmdshell', 'OBJECT', 'EXECUTE')",
  },
]

const LOGIN = `SELECT SUSER_SNAME() AS login,
  CONCAT(N'SQL Server ', CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), N', ', CAST(SERVERPROPERTY('Edition') AS nvarchar(128))) AS server,
  ${CHECKS.map(({ code, sql }) => `ISNULL(${sql}, 0) AS [${code}]`).join(',\n  ')}`

const WRITABLE = `SELECT value AS name FROM OPENJSON(@p1)
WHERE HAS_PERMS_BY_NAME(value, 'OBJECT', 'INSERT') = 1 OR HAS_PERMS_BY_NAME(value, 'OBJECT', 'UPDATE') = 1
  OR HAS_PERMS_BY_NAME(value, 'OBJECT', 'DELETE') = 1`

/** A login that may read what is offered and nothing else; the password is for the person to choose. */
function writeRemedy({ exposed, database }: { exposed: readonly ExposedName[]; database: string }): readonly string[] {
  const grants = exposed.map((name) => `GRANT SELECT ON ${mssqlDialect.from(asTable(name))} TO [toolgate_reader];`)
  return [
    "CREATE LOGIN [toolgate_reader] WITH PASSWORD = N'<a long random password>';",
    `USE ${mssqlDialect.quote(database)};`,
    'CREATE USER [toolgate_reader] FOR LOGIN [toolgate_reader];',
    ...grants,
  ]
}
