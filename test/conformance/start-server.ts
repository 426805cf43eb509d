import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A conformance server in a process of its own. */
export interface RunningServer {
  /** The endpoint, path included. */
  readonly url: string
  /** What it wrote to stderr so far: its log. */
  log(): string
  /** Asks it to end and waits until it has. Returns its exit code. */
  stop(): Promise<number | null>
}

/** How the conformance server is started: a command for a shell, a client's configuration or `spawn`. */
export function serveCommand(...args: readonly string[]): { command: string; args: string[] } {
  const serve = fileURLToPath(new URL('./serve.ts', import.meta.url))
  return { command: process.execPath, args: ['--import', 'tsx', serve, ...args] }
}

/** The folder to start it in. */
export const REPOSITORY: string = fileURLToPath(new URL('../..', import.meta.url))

/** Starts the conformance server over HTTP on a free port. Rejects with what it wrote when it does not come up. */
export async function startConformanceServer(): Promise<RunningServer> {
  const { command, args } = serveCommand('--port', '0')
  const child = spawn(command, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  process.once('exit', () => child.kill())
  const ended = once(child, 'exit') as Promise<[number | null]>
  const url = await Promise.race([firstUrl(child.stdout), ended.then(() => undefined)])
  if (url === undefined) throw new Error(`The conformance server did not start.\n${log}`)
  return {
    url,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM')
      const [code] = await ended
      return code
    },
  }
}

function firstUrl(output: Readable): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: output }).on('line', (line) => {
      const url = /https?:\/\/\S+/.exec(line)?.[0]
      if (url !== undefined) resolve(url)
    })
  })
}
