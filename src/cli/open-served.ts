import type { Sandbox } from '../app/sandbox/open-sandbox.ts'
import type { Config } from '../config/config.ts'
import type { Invocation } from './command.ts'
import { openTarget } from './open-target.ts'

/** What is served, and how it is read again. */
export interface Served {
  readonly config: Config
  /** Reads it again; with `--sandbox` the copies stay in the place of the databases. */
  readonly read: () => Promise<Config>
  readonly close: () => Promise<void>
}

/** The configuration that a command line means, with the copies in it where `--sandbox` was given; says on stderr what they are. */
export async function openServed(invocation: Invocation): Promise<Served> {
  const config = await openTarget(invocation)
  if (!invocation.options.has('sandbox')) {
    return { config, read: () => openTarget(invocation), close: async () => {} }
  }
  const { openSandbox } = await import('../app/sandbox/open-sandbox.ts')
  const sandbox = await openSandbox(config, AbortSignal.timeout(START_MS))
  try {
    const applied = sandbox.apply(config)
    invocation.terminal.err(describe(config, sandbox))
    return { config: applied, read: async () => sandbox.apply(await openTarget(invocation)), close: sandbox.close }
  } catch (thrown) {
    await sandbox.close()
    throw thrown
  }
}

const START_MS = 60_000

function describe({ connectors }: Config, { copied }: Sandbox): string {
  const real = connectors.map(({ name }) => name).filter((name) => !copied.includes(name))
  const told = `SANDBOX: ${copied.join(', ')} served from masked copies; their databases are not reached.\n`
  return real.length === 0 ? told : `${told}SANDBOX: not copied, so real: ${real.join(', ')}.\n`
}
