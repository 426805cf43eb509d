import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commands } from '../../src/cli/commands.ts'
import { runCommandLine } from '../../src/cli/run-command-line.ts'

/** The real program from its sources: node and its arguments up to the words a user types. */
export const PROGRAM: readonly string[] = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
]

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A running command line. `out` and `err` are all that it printed so far. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly out: string
  readonly err: string
  /** Resolves with the match as soon as the output has one; rejects when the process ends without. */
  printed(pattern: RegExp, where?: 'out' | 'err'): Promise<RegExpExecArray>
  ended(): Promise<Ended>
}

const running = new Set<ChildProcessWithoutNullStreams>()

/** Starts the command line with the words a user types. */
export function startCli(words: readonly string[], { cwd, env = {}, input }: CliOptions): Running {
  const { PORT: _, TOOLGATE_KEY: __, TOOLGATE_DEBUG: ___, ...inherited } = process.env
  const child = spawn(process.execPath, [...PROGRAM, ...words], { cwd, env: { ...inherited, ...env } })
  running.add(child)
  const text = { out: '', err: '' }
  const closed = once(child, 'close').then(([code]) => {
    running.delete(child)
    return { code: code as number | null, ...text }
  })
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk
  })
  if (input !== undefined) child.stdin.end(input)
  const printed = (pattern: RegExp, where: 'out' | 'err' = 'out'): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(text[where])
        if (match !== null) resolve(match)
      }
      child[where === 'out' ? 'stdout' : 'stderr'].on('data', look)
      look()
      closed.then(
        ({ code }) => reject(new Error(`ended with ${code} before printing ${pattern}:\n${text.out}${text.err}`)),
        reject,
      )
    })
  return {
    child,
    printed,
    ended: () => closed,
    get out() {
      return text.out
    },
    get err() {
      return text.err
    },
  }
}

/** Runs a command to its end in a process of its own; standard input is empty unless given. */
export function spawnCli(words: readonly string[], options: CliOptions): Promise<Ended> {
  return startCli(words, { input: '', ...options }).ended()
}

/** Runs a command to its end in this process, with everything real but the terminal. */
export async function runCli(words: readonly string[], { cwd, env = {}, input = '' }: CliOptions): Promise<Ended> {
  const text = { out: '', err: '' }
  const code = await runCommandLine(words, {
    commands,
    version: '0.0.0',
    terminal: {
      out: (chunk) => {
        text.out += chunk
      },
      err: (chunk) => {
        text.err += chunk
      },
      readInput: async () => input,
      environment: env,
      directory: cwd,
    },
  })
  return { code, ...text }
}

/** Ends what a test left running. */
export async function endAll(): Promise<void> {
  const children = [...running]
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map((child) => (child.exitCode === null ? once(child, 'close') : undefined)))
}

/** An empty folder outside of the repository. */
export function makeFolder(): { readonly path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'toolgate-cli-')))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
