import { join } from 'node:path'
import type { Config, ConnectorOptions } from '../../config/config.ts'
import type { PostgresConnectorOptions } from '../../connectors/postgres/options.ts'
import { ToolgateError } from '../../errors.ts'
import { type Cluster, startCluster } from './embedded-cluster.ts'
import {
  fingerprintOf,
  isCopied,
  readManifest,
  SANDBOX_LOGIN,
  type SandboxManifest,
  sandboxFolder,
} from './sandbox-manifest.ts'

/** The copies of a configuration's databases while they are served. */
export interface Sandbox {
  /** Connectors whose data are copies. */
  readonly copied: readonly string[]
  /**
   * The configuration with the copies in the place of the databases. Throws `NOT_CONFIGURED` where a copy is missing or was
   * made for other tables, columns or masks.
   */
  apply(config: Config): Config
  close(): Promise<void>
}

/** Starts the copies; nothing is opened to the databases they were made from. Rejects before anything runs when one does not fit. */
export async function openSandbox(config: Config, signal: AbortSignal): Promise<Sandbox> {
  const manifest = await readManifest(config)
  const folder = sandboxFolder(config)
  const wanted = config.connectors.filter(isCopied)
  for (const connector of wanted) checkCopy(connector, manifest)
  const clusters = new Map<string, Cluster>()
  const close = async (): Promise<void> => {
    await Promise.all([...clusters.values()].map((cluster) => cluster.stop()))
  }
  try {
    for (const { name } of wanted) clusters.set(name, await startCluster(join(folder, name), signal))
  } catch (thrown) {
    await close()
    throw thrown
  }
  const replace = (connector: ConnectorOptions): ConnectorOptions =>
    isCopied(connector) ? useCopy(connector, manifest, clusters.get(connector.name)) : connector
  return {
    copied: [...clusters.keys()],
    apply: (next) => ({ ...next, ...sayIt(next, [...clusters.keys()]), connectors: next.connectors.map(replace) }),
    close,
  }
}

function checkCopy(connector: PostgresConnectorOptions, { copies }: SandboxManifest): string {
  const copy = Object.hasOwn(copies, connector.name) ? copies[connector.name] : undefined
  if (copy === undefined) throw doesNotFit(`The sandbox has no copy for the connector ${connector.name}.`)
  if (copy.fingerprint === fingerprintOf(connector)) return copy.password
  throw doesNotFit(`The copy for the connector ${connector.name} was made for other tables, columns or masks.`)
}

function useCopy(
  connector: PostgresConnectorOptions,
  manifest: SandboxManifest,
  cluster?: Cluster,
): PostgresConnectorOptions {
  const password = checkCopy(connector, manifest)
  if (cluster === undefined) throw doesNotFit(`The copy for the connector ${connector.name} is not being served.`)
  const { replicaUrl: _replica, identity, ...rest } = connector
  return {
    ...rest,
    url: `postgres://${SANDBOX_LOGIN}:${password}@127.0.0.1:${cluster.port}/postgres`,
    tls: { mode: 'off' },
    // Its roles are not in the copy, and no row security that went by them.
    identity: { settings: identity.settings },
  }
}

/** Said in the handshake, so that nobody takes the copies for the real thing. */
function sayIt(config: Config, copied: readonly string[]): Pick<Config, 'title' | 'instructions'> {
  const told = `This is a sandbox: the data of ${copied.join(', ')} are masked samples, not the real ones.`
  return {
    title: `${config.title ?? config.name} (sandbox)`,
    instructions: config.instructions === undefined ? told : `${told}\n\n${config.instructions}`,
  }
}

function doesNotFit(message: string): ToolgateError {
  return new ToolgateError({ code: 'NOT_CONFIGURED', message, hint: 'Make it anew: `toolgate sandbox init --force`.' })
}
