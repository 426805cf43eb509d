import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Launch } from '../subjects/subject.ts'
import { nodeBinary } from './node-binary.ts'

/** What a subject's process says of itself. */
export interface Usage {
  /** User and system time since its start. */
  readonly cpuUs: number
  readonly rssBytes: number
  /** Live heap and memory bound to it outside; exact only with `--expose-gc`. */
  readonly heapBytes: number
}

/** A subject that runs as a child process. */
export interface RunningSubject {
  /** What the process itself has used until now. */
  readUsage(): Promise<Usage>
  /** The last lines it wrote, for when it does not start. */
  lastOutput(): string
  hasEnded(): boolean
  /** Ends it by its own pid; harder after two seconds. */
  stop(): Promise<void>
}

const probe = fileURLToPath(new URL('./probe.mjs', import.meta.url))

/** Starts a subject's process; it is not waited for until it listens. */
export function startSubject(launch: Launch, nodeOptions: readonly string[] = []): RunningSubject {
  // The log goes where the launch says, or is kept for the case that the subject does not start.
  const log = launch.logTo === undefined ? undefined : openSync(launch.logTo, 'a')
  const child = spawn(nodeBinary, [...nodeOptions, '--import', probe, ...launch.args], {
    cwd: launch.directory,
    env: { ...process.env, ...launch.env },
    stdio: ['ignore', 'pipe', log ?? 'pipe', 'ipc'],
  })
  if (log !== undefined) closeSync(log)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-2000)
    })
  }
  return {
    readUsage: () => readUsage(child),
    lastOutput: () => output.trim(),
    hasEnded: () => hasEnded(child),
    stop: () => stopChild(child),
  }
}

async function readUsage(child: ChildProcess): Promise<Usage> {
  if (hasEnded(child)) throw new Error('the subject has ended')
  const answer = once(child, 'message', { signal: AbortSignal.timeout(10_000) })
  child.send('usage')
  const [usage] = await answer
  return usage as Usage
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Ends a child by its own pid, politely first. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
  await ended
  clearTimeout(timer)
}

/** A port nobody listens on now. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port could be had on 127.0.0.1')
  return address.port
}
