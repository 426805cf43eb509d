import { basename, join, resolve } from 'node:path'
import { readKeyOptions } from '../identity/options.ts'
import type { Config } from './config.ts'
import { rememberOrigins } from './origins.ts'
import type { CheckedConfig } from './schema.ts'
import type { Origin } from './take-values.ts'

/** Where the configuration lies and what of it came from the environment. */
export interface ResolveContext {
  /** Absolute. */
  readonly directory: string
  /** Absolute. */
  readonly file?: string
  readonly origins: ReadonlyMap<string, Origin>
}

/** Makes the record out of checked values: the last defaults, absolute paths, frozen to the ground. */
export function resolveConfig(checked: CheckedConfig, context: ResolveContext): Config {
  const { directory, file, origins } = context
  const at = (path: string): string => resolve(directory, path)
  const storage = { ...checked.storage, directory: at(checked.storage.directory) }
  const { directory: trail, checkpoints } = checked.audit
  const { name = basename(directory) || 'toolgate', ...rest } = checked
  const config: Config = {
    name,
    ...rest,
    connectors: checked.connectors.map((connector) =>
      'path' in connector ? { ...connector, path: at(connector.path) } : connector,
    ),
    access: {
      ...checked.access,
      keys: checked.access.keys.map(readKeyOptions),
      roles: withoutPrototype(checked.access.roles),
    },
    audit: {
      ...checked.audit,
      directory: trail === undefined ? join(storage.directory, 'audit') : at(trail),
      checkpoints: checkpoints === undefined ? join(storage.directory, 'audit.checkpoints') : at(checkpoints),
    },
    storage,
    directory,
    ...(file === undefined ? {} : { file }),
  }
  freezeDeep(config)
  rememberOrigins(config, origins)
  return config
}

/** Role names come from callers' keys: a lookup must not find `constructor`. */
function withoutPrototype<Value>(record: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.assign(Object.create(null) as Record<string, Value>, record)
}

function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const item of Object.values(value)) freezeDeep(item)
}
