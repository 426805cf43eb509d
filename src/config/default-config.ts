import { resolve } from 'node:path'
import { checkConfig } from './check-config.ts'
import type { Config } from './config.ts'
import { ConfigError } from './config-error.ts'
import { writePath } from './config-path.ts'
import type { ConfigInput, ConnectorInput } from './define-config.ts'
import { escapeReferences } from './interpolate-env.ts'
import { resolveConfig } from './resolve-config.ts'

/** What a configuration without a file is made of. */
export interface DefaultConfigOptions {
  readonly connectors: readonly ConnectorInput[]
  /** Folder that paths are relative to and that the server is named after. */
  readonly directory: string
}

/**
 * The configuration used where a file or folder with tools is given instead of one: everything is allowed to a `user`
 * role, which the local caller has; nobody is let in over HTTP until a key is added. Throws `ConfigError` like loading.
 */
export function defaultConfig(options: DefaultConfigOptions): Config {
  const connectors = options.connectors.map((connector) =>
    'path' in connector ? { ...connector, path: escapeReferences(connector.path) } : connector,
  )
  const input: ConfigInput = {
    connectors,
    access: { roles: { user: { allow: [{ name: '*' }] } }, local: { roles: ['user'] } },
  }
  const { config, mistakes, origins } = checkConfig(input, { env: {} })
  if (config === undefined) {
    throw new ConfigError(
      mistakes.map(({ path, at: _, position: __, ...issue }) => ({ ...issue, path: writePath(path) })),
    )
  }
  return resolveConfig(config, { directory: resolve(options.directory), origins })
}
