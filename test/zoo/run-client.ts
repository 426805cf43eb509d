import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the clients run: a home of their own, and no way off this machine. */
export interface ZooHome {
  readonly path: string
  readonly environment: Readonly<Record<string, string>>
  /** What clients tried to reach beyond loopback so far, a line each. */
  outbound(): string
  remove(): void
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A file of this folder. */
export const inZoo = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// A client that hangs is ended, so that its test says so instead of running out of time.
const LONGEST_RUN_MS = 60_000

export function makeZooHome(): ZooHome {
  const path = mkdtempSync(join(tmpdir(), 'toolgate-zoo-'))
  const outbound = join(path, 'outbound.txt')
  const { TOOLGATE_KEY: _, PORT: __, NODE_OPTIONS: ___, ...inherited } = process.env as Record<string, string>
  return {
    path,
    environment: {
      ...inherited,
      HOME: path,
      XDG_CONFIG_HOME: path,
      MCP_REMOTE_CONFIG_DIR: join(path, 'mcp-remote'),
      // Their own switches: no spans to a tracing service, no daemon that stays, no browser.
      LANGSMITH_TRACING: 'false',
      MCPORTER_DISABLE_KEEPALIVE: '*',
      MCPORTER_OAUTH_NO_BROWSER: '1',
      BROWSER: '/bin/false',
      NODE_OPTIONS: `--require ${inZoo('./only-loopback.cjs')}`,
      ZOO_OUTBOUND: outbound,
    },
    outbound: () => (existsSync(outbound) ? readFileSync(outbound, 'utf8') : ''),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Runs a program of node to its end. A code of `null` means that it had to be ended. */
export function runClient(home: ZooHome, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: home.path,
      env: home.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST_RUN_MS,
    })
    const text = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text.out += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text.err += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...text }))
  })
}
