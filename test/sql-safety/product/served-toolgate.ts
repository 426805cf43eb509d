import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { startFaultServer } from '../../faults/fault-server.ts'
import type { VictimDatabase } from './victim-database.ts'

/** The connectors that are attacked. `open` is the superuser with no rules about rows, so that nothing is withheld. */
export const LOGINS = ['superuser', 'open', 'owner', 'reader'] as const
export type Login = (typeof LOGINS)[number]

/** Toolgate as it is served, with a connector for each login, and a caller of tenant 1. */
export interface ServedToolgate {
  readonly ask: (login: Login, sql: string) => Promise<Answer>
  /** What it has logged; at most the last 200,000 characters. */
  readonly log: () => string
  /** Everything that is in the files of its storage, as text. */
  readonly stored: () => string
  /** Bytes. */
  readonly peakMemory: () => number
  readonly isRunning: () => boolean
  readonly close: () => Promise<void>
}

export interface Answer {
  readonly isError: boolean
  /** All that the caller gets, as JSON. */
  readonly text: string
  /** What a model reads first. */
  readonly sentence: string
}

/** Milliseconds that a statement may run. */
const STATEMENT_MS = 1_500
/** Where memory is free, Node.js lets its heap grow long before it collects; what is needed shows where it may not. */
export const HEAP: readonly string[] = ['--max-old-space-size=128', '--max-semi-space-size=4']
const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

/** Starts it over the database. */
export async function serveToolgate(victim: VictimDatabase, logins: readonly Login[]): Promise<ServedToolgate> {
  const folder = mkdtempSync(join(tmpdir(), 'toolgate-attack-'))
  writeFileSync(join(folder, 'toolgate.yaml'), JSON.stringify(writeConfig(victim, logins)))
  const words = ['keys', 'new', '--name', 'caller', '--role', 'user', '--tenant', '1', '--json']
  const { key } = JSON.parse(execFileSync(process.execPath, [main, ...words], { cwd: folder, encoding: 'utf8' }))
  const server = await startFaultServer({ folder, effects: '', key }, { nodeOptions: HEAP })
  const client = new Client({ name: 'attacks', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  const requestInit = { headers: { authorization: `Bearer ${key}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${server.port}/mcp`), { requestInit }),
  )
  return {
    ask: (login, sql) => ask(client, login, sql),
    log: server.log,
    stored: () => readAll(join(folder, '.toolgate')),
    peakMemory() {
      const [, kilobytes] = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8')) ?? []
      return Number(kilobytes) * 1024
    },
    isRunning: () => server.child.exitCode === null && server.child.signalCode === null,
    async close() {
      await client.close()
      await server.end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ask(client: Client, login: Login, sql: string): Promise<Answer> {
  try {
    const result = await client.callTool({ name: `${login}_query`, arguments: { sql } }, { timeout: 20_000 })
    const [first] = result.content
    const sentence = first?.type === 'text' ? first.text : ''
    return { isError: result.isError === true, text: JSON.stringify(result), sentence }
  } catch (thrown) {
    const sentence = thrown instanceof Error ? thrown.message : String(thrown)
    return { isError: true, text: JSON.stringify(thrown) + sentence, sentence }
  }
}

function readAll(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}

const ROWS = { rows: [{ where: { tenant_id: { caller: 'tenant' } } }] }

function writeConfig(victim: VictimDatabase, logins: readonly Login[]): object {
  return {
    name: 'attacked',
    connectors: logins.map((login) => ({
      name: login,
      type: 'postgres',
      url: victim.urls[login === 'open' ? 'superuser' : login],
      allowPrivileged: login !== 'reader',
      identity: { settings: { 'app.tenant': 'tenant' } },
      pool: { max: 4, reserved: 1 },
      budget: { timeoutMs: STATEMENT_MS },
      schemas: ['public', 'sales'],
      schemaRefreshMs: 0,
      freeSql: { enabled: true, functions: ['public.with_tax'] },
      tables: writeTables(login, victim.major),
    })),
    access: { roles: { user: { allow: [{ name: '*' }] } } },
    limits: { callsPerMinute: 10_000_000, burst: 10_000_000 },
    log: { level: 'info' },
  }
}

function writeTables(login: Login, major: number): object {
  const rows = login === 'open' ? {} : ROWS
  // A view is held by the policies below it, where it reads as who asks.
  const view = login === 'superuser' || (login !== 'open' && major < 15) ? ROWS : {}
  return {
    'public.customers': { columns: { ssn: 'hide', email: 'partial' }, ...rows },
    'public.orders': rows,
    'public.invoices': rows,
    'public.order_totals': view,
    'public.categories': {},
    'public.products': {},
    'sales.targets': {},
  }
}
