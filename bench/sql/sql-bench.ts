import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { ensureBuilt } from '../ensure-built.ts'
import type { SqlServer } from './http-caller.ts'
import { measureServer, repeat, type SqlFigures } from './measure-server.ts'
import { type Database, SQL, startDbhub, startToolbox, startToolgate } from './servers.ts'
import { type BareFigures, toSqlPage, toSqlTable } from './sql-page.ts'

/**
 * Measures free SQL beside the bare driver and other servers, on one database in one run: TOOLGATE_TEST_POSTGRES_URL, a
 * login that may make a table. Writes docs/reference/sql-performance.md unless --quick.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } })
const url = process.env.TOOLGATE_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const peers = fileURLToPath(new URL('../sql-peers', import.meta.url))
const times = values.quick ? { one: 200, rows: 30 } : { one: 1500, rows: 200 }
const STARTS = { toolgate: startToolgate, dbhub: startDbhub, toolbox: startToolbox }

ensureBuilt()
if (values.only !== 'toolgate') installPeers()
const control = new pg.Client(url)
await control.connect()
const parent = fileURLToPath(new URL('../.generated', import.meta.url))
mkdirSync(parent, { recursive: true })
const directory = mkdtempSync(join(parent, 'sql-'))
try {
  await control.query('DROP TABLE IF EXISTS bench_rows')
  await control.query(`CREATE TABLE bench_rows AS SELECT id, 'Customer ' || id AS name, 'customer' || id || '@example.com' AS email,
    (id * 37 % 100000) / 100.0 AS balance, id % 3 = 0 AS is_active, date '2026-01-01' + id % 365 AS joined_on FROM generate_series(1, 1000) AS id`)
  const bareFigures = await measureBare()
  const figures: SqlFigures[] = []
  for (const [name, start] of Object.entries(STARTS)) {
    if (values.only !== undefined && values.only !== name) continue
    const server = await start(join(directory, name), readDatabase())
    figures.push(await measured(server))
  }
  // Once more at the end: the machine may have become slower or faster meanwhile.
  const bare = [bareFigures, await measureBare()]
  process.stdout.write(`${toSqlTable(bare, figures)}\n`)
  if (!values.quick && values.only === undefined) {
    writeFileSync(new URL('../../docs/reference/sql-performance.md', import.meta.url), toSqlPage(bare, figures))
  }
} finally {
  await control.query('DROP TABLE IF EXISTS bench_rows')
  await control.end()
  rmSync(directory, { recursive: true, force: true })
}

async function measured(server: SqlServer): Promise<SqlFigures> {
  try {
    return await measureServer(server, control, times)
  } finally {
    await server.stop()
  }
}

async function measureBare(): Promise<BareFigures> {
  const client = new pg.Client(url)
  await client.connect()
  await repeat(() => client.query(SQL.one), 100)
  const oneMs = await repeat(() => client.query(SQL.one), times.one)
  const rowsMs = await repeat(() => client.query(SQL.rows), times.rows)
  await client.end()
  return { oneMs, rowsMs }
}

function readDatabase(): Database {
  const { hostname: host, port, username: user, pathname } = new URL(url)
  return { url, host, port: port || '5432', user, name: pathname.slice(1) }
}

function installPeers(): void {
  if (existsSync(join(peers, 'node_modules/.package-lock.json'))) return
  const args = ['ci', '--no-engine-strict', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', args, { cwd: peers, stdio: ['ignore', 2, 2] })
}
