import { mkdtempSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { writeRemedy } from '../../../src/connectors/postgres/write-remedy.ts'
import { createPostgresDatabase, type PostgresDatabase } from '../../fixtures/postgres-server.ts'
import { FIXTURE_SQL } from '../fixture.ts'

/** A database to be attacked: three tenants, row-level security, and things to break. */
export interface VictimDatabase {
  readonly scratch: PostgresDatabase
  readonly major: number
  readonly version: string
  /** Addresses by login. */
  readonly urls: Readonly<Record<'superuser' | 'owner' | 'reader', string>>
  /** The folder that attacks aim at; the server may write there. */
  readonly folder: string
  /** A session that attacks on other sessions are aimed at. */
  readonly bystander: number
  readonly close: () => Promise<void>
}

/** What marks a row of tenant `n`, in its text, its arrays and its documents. */
const MARKS = `
UPDATE public.customers SET name = name || ' ~T' || tenant_id || '~', tags = tags || ('~T' || tenant_id || '~'),
  profile = profile || jsonb_build_object('mark', '~T' || tenant_id || '~');
UPDATE public.orders SET items = jsonb_set(items, '{0,mark}', to_jsonb('~T' || tenant_id || '~'));
UPDATE public.invoices SET amount = 7770000.01 + id WHERE tenant_id <> 1;
CREATE FUNCTION public.do_nothing() RETURNS int LANGUAGE sql AS 'SELECT 1';
`

const ROW_SECURITY = ['customers', 'orders', 'invoices']
  .map(
    (table) => `ALTER TABLE public.${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON public.${table} USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::int);`,
  )
  .join('\n')

const EXPOSED = ['customers', 'orders', 'invoices', 'categories', 'products', 'order_totals']

/** Makes one on the server, or answers undefined where none is. The login `reader` is the privilege report's own remedy. */
export async function createVictimDatabase(serverUrl?: string): Promise<VictimDatabase | undefined> {
  const scratch = await createPostgresDatabase(serverUrl)
  if (scratch === undefined) return undefined
  const { admin } = scratch
  const { rows } = await admin.query('SHOW server_version')
  const version = String(rows[0].server_version).replace(/ .*/, '')
  const major = Number.parseInt(version, 10)
  const owner = await makeLogin(scratch)
  const reader = await makeLogin(scratch)
  const { rows: here } = await admin.query('SELECT current_database() AS name')
  await admin.query(`ALTER DATABASE ${here[0].name} OWNER TO ${owner}; ALTER SCHEMA public OWNER TO ${owner}`)
  await admin.query(`SET ROLE ${owner}; ${FIXTURE_SQL} ${MARKS} ${ROW_SECURITY}
    ${major < 15 ? '' : 'ALTER VIEW public.order_totals SET (security_invoker = true);'} RESET ROLE;
    SELECT lo_from_bytea(1, 'SECRET-TOKEN-3')`)
  const exposed = [...EXPOSED.map((name) => ({ schema: 'public', name })), { schema: 'sales', name: 'targets' }]
  for (const statement of writeRemedy(exposed, here[0].name)) {
    if (!/^(?:--|CREATE ROLE)/.test(statement)) await admin.query(statement.replaceAll('toolgate_reader', reader))
  }
  const folder = mkdtempSync(join(tmpdir(), 'toolgate-attacked-'))
  await chmod(folder, 0o777)
  const session = new pg.Client({ connectionString: scratch.url, application_name: 'bystander' })
  session.on('error', () => {})
  await session.connect()
  const { rows: pids } = await session.query('SELECT pg_backend_pid() AS pid')
  return {
    scratch,
    major,
    version,
    urls: { superuser: scratch.url, owner: scratch.urlFor(owner, 'x'), reader: scratch.urlFor(reader, 'x') },
    folder,
    bystander: pids[0].pid,
    async close() {
      await session.end().catch(() => {})
      rmSync(folder, { recursive: true, force: true })
      await scratch.drop()
    },
  }
}

/** The attributes are those of the remedy. */
async function makeLogin(scratch: PostgresDatabase): Promise<string> {
  return scratch.makeRole(
    "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 20 PASSWORD 'x'",
  )
}
