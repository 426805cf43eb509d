import { createHash } from 'node:crypto'
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config, ConnectorOptions } from '../../config/config.ts'
import type { PostgresConnectorOptions } from '../../connectors/postgres/options.ts'
import { ToolgateError } from '../../errors.ts'

/** What a sandbox holds; lies in its folder as `manifest.json`. */
export interface SandboxManifest {
  readonly v: 1
  /** ISO 8601. */
  readonly made: string
  /** Copy by name of the connector. */
  readonly copies: Readonly<Record<string, SandboxCopy>>
}

export interface SandboxCopy {
  /** Of what the configuration exposes, hides and masks. */
  readonly fingerprint: string
  /** Of the login that serves the copy, on the loopback address. */
  readonly password: string
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>
}

/** The login that serves copies. */
export const SANDBOX_LOGIN = 'toolgate_sandbox'

/**
 * Whether a connector is one that is copied; the others are served as they are. Throws `NOT_CONFIGURED` for one over a database
 * of an engine that cannot be copied: serving it would reach the real one.
 */
export function isCopied(connector: ConnectorOptions): connector is PostgresConnectorOptions {
  if (connector.type === 'postgres') return true
  if (!('tables' in connector)) return false
  throw new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: `The connector ${connector.name} is of type ${connector.type}, of which no sandbox can be made; only postgres can be copied.`,
    hint: 'Write a config file without it for the sandbox.',
  })
}

/** Where the sandbox of a configuration is. */
export function sandboxFolder({ storage }: Config): string {
  return join(storage.directory, 'sandbox')
}

/** Reads it. Rejects with `NOT_CONFIGURED` and the command that makes a sandbox. */
export async function readManifest(config: Config): Promise<SandboxManifest> {
  const folder = sandboxFolder(config)
  try {
    // A link could lead to data that is no copy.
    if (!(await lstat(folder)).isDirectory()) throw new Error('It is not a folder.')
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as SandboxManifest
    if (manifest.v !== 1) throw new Error('It is of another version.')
    return manifest
  } catch (cause) {
    throw new ToolgateError({
      code: 'NOT_CONFIGURED',
      message: 'There is no sandbox that could be served.',
      hint: 'Make one: `toolgate sandbox init`.',
      cause,
    })
  }
}

/** Tells configurations apart that expose, hide or mask something else. */
export function fingerprintOf({ type, schemas, tables }: PostgresConnectorOptions): string {
  const facts = Object.entries(tables).map(([name, { columns, rows = [] }]) => [
    name,
    Object.entries(columns).map(([column, { show }]) => [column, show]),
    rows.map(({ where }) => (where === 'all' ? [] : Object.keys(where))),
  ])
  return createHash('sha256')
    .update(JSON.stringify([type, schemas ?? [], facts]))
    .digest('hex')
}
