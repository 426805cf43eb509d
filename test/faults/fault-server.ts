import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const SERVE = [main, 'serve', '--port', '0', '--json']

/** Where a server of the fault tests lives. */
export interface FaultPlace {
  /** Absolute; holds the config, the tools, the storage and what the tools did. */
  readonly folder: string
  /** Each effect of a tool: one line, the id of its call. */
  readonly effects: string
  /** Text of a new API key. */
  readonly key: string
}

/** A running server. */
export interface FaultServer {
  readonly child: ChildProcess
  readonly port: number
  /** All that it has logged. */
  log(): string
  /** Ends it with the signal; resolves with its exit code, `null` where the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const TOOLS = `
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { defineTool } from 'toolgate'

const effects = process.env.FAULT_EFFECTS
const disk = process.env.FAULT_DISK

/** Has an effect outside, the first thing it does, and answers the id of its call. */
export const record = defineTool({
  name: 'record',
  input: { type: 'object', properties: { waitMs: { type: 'integer' } }, additionalProperties: false },
  run: async ({ waitMs = 0 }, { callId }) => {
    appendFileSync(effects, callId + '\\n')
    if (waitMs > 0) await setTimeout(waitMs)
    return callId
  },
})

/** Keeps a core busy for so many milliseconds. */
export const work = defineTool({
  name: 'work',
  input: { type: 'object', properties: { ms: { type: 'number' } }, additionalProperties: false },
  run: ({ ms = 1 }) => {
    const endsAt = performance.now() + ms
    while (performance.now() < endsAt) {}
    return 'worked'
  },
})

// What happens to the disk happens from within: it is mounted for this process alone.
if (disk) {
  let isFull = false
  process.on('SIGUSR2', () => {
    if (process.env.FAULT_TROUBLE === 'read-only') execFileSync('mount', ['-o', 'remount,rw', disk])
    else if (isFull) rmSync(disk + '/filler')
    else fill()
    isFull = !isFull
    console.log('disk: changed')
  })
}
function fill() {
  for (let size = 1 << 24; size >= 1; size >>= 1) {
    try {
      for (;;) writeFileSync(disk + '/filler', Buffer.alloc(size), { flag: 'a' })
    } catch {}
  }
}
`

/** Writes a config and tools, and makes a key. `audit` are lines of YAML under that section. */
export async function makeFaultPlace(folder: string, more = ''): Promise<FaultPlace> {
  mkdirSync(join(folder, 'tools'), { recursive: true })
  writeFileSync(join(folder, 'tools', 'fault-tools.mjs'), TOOLS)
  writeFileSync(
    join(folder, 'toolgate.yaml'),
    `name: faults
connectors: [{ name: tools, type: typescript, path: ./tools }]
access:
  roles: { user: { allow: [{ name: '*' }] } }
  local: { roles: [user] }
limits: { callsPerMinute: 10000000, burst: 10000000 }
${more}`,
  )
  const { stdout } = await run(process.execPath, [main, 'keys', 'new', '--name', 'load', '--role', 'user', '--json'], {
    cwd: folder,
  })
  return { folder, effects: join(folder, 'effects.txt'), key: JSON.parse(stdout).key }
}

/** How a server is started beside the usual. */
export interface FaultStart {
  readonly env?: Readonly<Record<string, string>>
  /** Words in front of the command, such as those that give it a disk of its own. */
  readonly prefix?: readonly string[]
  readonly nodeOptions?: readonly string[]
  /** What is run instead of `toolgate serve`. */
  readonly program?: readonly string[]
}

/** Starts the built program on a free port; resolves when it listens. */
export async function startFaultServer(place: FaultPlace, start: FaultStart = {}): Promise<FaultServer> {
  const { env = {}, prefix = [], nodeOptions = [], program = SERVE } = start
  const words = [...prefix, process.execPath, ...nodeOptions, ...program]
  const [command, ...rest] = words as [string, ...string[]]
  const child = spawn(command, rest, {
    cwd: place.folder,
    env: { ...process.env, FAULT_EFFECTS: place.effects, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(nodeOptions.length > 0 ? (['ipc'] as const) : [])],
  })
  let [out, log] = ['', '']
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString('utf8')).slice(-200_000)
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8')
      const [, found] = /"url":"http:\/\/127\.0\.0\.1:(\d+)/.exec(out) ?? []
      if (found !== undefined) resolve(Number(found))
    })
    exited.then((code) => reject(new Error(`The server ended with ${code} before it listened:\n${log}`)), reject)
  })
  return {
    child,
    port,
    log: () => log,
    end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

/** What `toolgate audit verify` says of the place's trail, offline. Exit code 0 is a whole trail. */
export async function verifyTrail(
  place: FaultPlace,
  directory: string,
  checkpoints: string = join(place.folder, '.toolgate', 'audit.checkpoints'),
): Promise<{ code: number; text: string }> {
  const { folder } = place
  const storage = join(folder, '.toolgate')
  const proofs = ['--key', join(storage, 'audit.pub'), '--checkpoints', checkpoints]
  try {
    const { stdout } = await run(process.execPath, [main, 'audit', 'verify', directory, ...proofs], { cwd: folder })
    return { code: 0, text: stdout }
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code: number; stdout: string; stderr: string }
    return { code, text: `${stdout}${stderr}` }
  }
}
