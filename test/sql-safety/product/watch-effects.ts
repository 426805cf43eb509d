import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { VictimDatabase } from './victim-database.ts'

/** Sees what statements did to a database, from beside. */
export interface EffectWatch {
  /** What differs from when it was last asked, by name; empty when nothing does. */
  readonly findEffects: () => Promise<readonly string[]>
  /** How many sessions other than the watch's own still work or hold a transaction open; waits a second for none. */
  readonly countBusy: () => Promise<number>
  readonly close: () => Promise<void>
}

/** Watches everything that an attack of the lists is after and that the server or its files can tell. */
export async function watchEffects(victim: VictimDatabase): Promise<EffectWatch> {
  const control = await openSession(victim)
  const listener = await openSession(victim)
  let heard = 0
  listener.on('notification', () => {
    heard += 1
  })
  await listener.query('LISTEN a')
  let last = await look()
  return {
    async findEffects() {
      const before = last
      last = await look()
      return Object.keys(before).filter((name) => before[name] !== last[name])
    },
    async countBusy() {
      const until = performance.now() + 1_000
      for (;;) {
        const busy = await countBusy(control)
        if (busy === 0 || performance.now() > until) return busy
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async close() {
      await control.end()
      await listener.end()
    },
  }

  async function look(): Promise<Record<string, string>> {
    // A round trip of its own: the server sends what was told before it answers.
    await listener.query('SELECT 1')
    const { rows } = await control.query(LOOK_SQL, [victim.bystander])
    const facts = rows[0].facts as Record<string, unknown>
    return {
      ...Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, JSON.stringify(value)])),
      notifications: String(heard),
      files: listFiles(victim.folder),
    }
  }
}

async function openSession({ scratch }: VictimDatabase): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: scratch.url, application_name: 'watch' })
  session.on('error', () => {})
  await session.connect()
  return session
}

async function countBusy(control: pg.Client): Promise<number> {
  const { rows } = await control.query(`SELECT count(*)::int AS busy FROM pg_stat_activity WHERE state <> 'idle'
    AND datname = current_database() AND application_name <> 'watch' AND backend_type IN ('client backend', 'parallel worker')`)
  return rows[0].busy
}

function listFiles(folder: string): string {
  return readdirSync(folder)
    .toSorted()
    .map((name) => `${name} ${statSync(join(folder, name)).size}`)
    .join(', ')
}

const TABLES = [
  ...['customers', 'orders', 'invoices', 'categories', 'products', 'secret', 'effects'].map((name) => `public.${name}`),
  'sales.targets',
]

/** Rows of a catalogue as one checksum. */
const sum = (from: string, row: string): string => `(SELECT md5(string_agg(${row}, '|' ORDER BY ${row})) FROM ${from})`
const all = (from: string): string =>
  `(SELECT md5(coalesce(string_agg(x::text, '|' ORDER BY x::text), '')) FROM ${from} x)`

const WATCHED: Readonly<Record<string, string>> = {
  // A table that is gone must be an effect, not an error of the watch.
  data: `(SELECT json_agg(CASE WHEN to_regclass(t) IS NOT NULL THEN
    md5(query_to_xml('SELECT x, x.ctid, x.xmax FROM ' || t || ' x ORDER BY x.ctid', true, false, '')::text) END)
    FROM unnest(ARRAY[${TABLES.map((name) => `'${name}'`).join(', ')}]) t)`,
  relations: sum(
    'pg_class WHERE oid >= 16384',
    'concat(relname, relkind, relpersistence, relrowsecurity, relacl::text, relfilenode)',
  ),
  sequences: `(SELECT json_agg(concat(sequencename, last_value) ORDER BY 1) FROM pg_sequences)`,
  functions: sum('pg_proc WHERE oid >= 16384', 'concat(proname, proacl::text)'),
  schemas: sum('pg_namespace', 'concat(nspname, nspacl::text)'),
  rules: sum('pg_rewrite WHERE oid >= 16384', 'rulename::text || ev_class'),
  extensions: all('(SELECT extname FROM pg_extension)'),
  descriptions: all('(SELECT * FROM pg_description WHERE objoid >= 16384)'),
  servers: all('pg_foreign_server'),
  'large objects': `(SELECT md5(string_agg(concat(m.oid, (SELECT string_agg(data, ''::bytea) FROM pg_largeobject WHERE loid = m.oid)), '|' ORDER BY m.oid)) FROM pg_largeobject_metadata m)`,
  roles: `json_build_array(${all('pg_authid')}, ${all('pg_auth_members')}, ${all('pg_db_role_setting')})`,
  'stored settings': all('(SELECT name, setting, error FROM pg_file_settings)'),
  reloads: 'pg_conf_load_time()',
  'replication slots': `json_build_array(${all('(SELECT slot_name FROM pg_replication_slots)')}, ${all('pg_replication_origin')})`,
  'prepared transactions': 'json_build_array((SELECT count(*) FROM pg_prepared_xacts))',
  'advisory locks': `(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')`,
  'table locks': `(SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND mode ~ 'Exclusive|RowShare' AND pid <> pg_backend_pid()
    AND relation >= 16384)`,
  'statistics resets': `json_build_array((SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()), (SELECT stats_reset FROM pg_stat_bgwriter))`,
  tablespaces: all('(SELECT spcname FROM pg_tablespace)'),
  "other people's sessions": 'EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)',
  'start of the server': 'pg_postmaster_start_time()',
}

const LOOK_SQL = `SELECT json_build_object(${Object.entries(WATCHED)
  .map(([name, sql]) => `'${name.replaceAll("'", "''")}', ${sql}`)
  .join(',\n')}) AS facts`
