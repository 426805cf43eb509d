import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { createPostgresDatabase } from '../../connectors/postgres/create-postgres-database.ts'
import type { PostgresConnectorOptions } from '../../connectors/postgres/options.ts'
import { NO_IDENTITY, type SqlDatabase } from '../../connectors/sql/database.ts'
import { exposeTables, mismatch } from '../../connectors/sql/exposure.ts'
import { ToolgateError } from '../../errors.ts'
import { operator } from '../trail/operator.ts'
import { recordNow } from '../trail/record-now.ts'
import { CLUSTER_OWNER, createCluster, startCluster } from './embedded-cluster.ts'
import { planCopy, type TablePlan } from './plan-copy.ts'
import { createPseudonyms } from './pseudonyms.ts'
import { type Sample, sampleTables } from './sample-tables.ts'
import {
  fingerprintOf,
  isCopied,
  SANDBOX_LOGIN,
  type SandboxCopy,
  type SandboxManifest,
  sandboxFolder,
} from './sandbox-manifest.ts'
import { writeCopy } from './write-copy.ts'

/** How a sandbox is made. */
export interface InitOptions {
  /** Of each table, before those come that others refer to. */
  readonly rows: number
  /** Whether it may take the place of one that is there. */
  readonly force: boolean
  readonly signal: AbortSignal
}

/**
 * Copies a masked sample of every SQL database of the configuration. It is made beside its place and moved there when it
 * is whole. Rejects with `NOT_CONFIGURED` where there is one already or nothing to copy.
 */
export async function initSandbox(config: Config, options: InitOptions): Promise<SandboxManifest> {
  const folder = sandboxFolder(config)
  const connectors = config.connectors.filter(isCopied)
  if (connectors.length === 0)
    throw refused('The configuration has no connector of type postgres, so there is nothing to copy.')
  const isThere = await exists(folder)
  if (isThere && !options.force)
    throw refused('There is a sandbox already.', 'Make it anew: `toolgate sandbox init --force`.')
  for (const { name } of connectors) await refuseServed(join(folder, name))
  await mkdir(config.storage.directory, { recursive: true, mode: 0o700 })
  await sweepParts(folder)
  const fresh = `${folder}.${process.pid}-${randomBytes(6).toString('hex')}.part`
  await mkdir(fresh, { mode: 0o700 })
  if (process.getuid?.() === 0) await chmod(fresh, 0o711)
  try {
    const copies: Record<string, SandboxCopy> = Object.create(null)
    for (const connector of connectors) copies[connector.name] = await copyDatabase(connector, fresh, options)
    const manifest: SandboxManifest = { v: 1, made: new Date().toISOString(), copies }
    await writeFile(join(fresh, 'manifest.json'), `${JSON.stringify(manifest)}\n`, { mode: 0o600, flag: 'wx' })
    await recordMade(config, manifest)
    await takePlace(fresh, folder, isThere)
    return manifest
  } catch (thrown) {
    await rm(fresh, { recursive: true, force: true })
    throw thrown
  }
}

/** What was being made by a process that has ended is nobody's any more. */
async function sweepParts(folder: string): Promise<void> {
  const [parent, own] = [dirname(folder), `${basename(folder)}.`]
  for (const name of await readdir(parent)) {
    const [, pid] = name.startsWith(own)
      ? (/^(\d+)-[0-9a-f]{12}\.part(?:\.old)?$/.exec(name.slice(own.length)) ?? [])
      : []
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(parent, name), { recursive: true, force: true })
  }
}

/** Rejects with `AUDIT_UNAVAILABLE`: there is no copy that nobody knows of. */
async function recordMade(config: Config, { made, copies }: SandboxManifest): Promise<void> {
  const sum = (rows: Readonly<Record<string, number>>): number =>
    Object.values(rows).reduce((all, each) => all + each, 0)
  const rows = Object.fromEntries(Object.entries(copies).map(([name, copy]) => [name, sum(copy.rows)]))
  await recordNow(config, { time: made, event: 'sandbox.made', by: operator(), rows })
}

async function takePlace(fresh: string, folder: string, isThere: boolean): Promise<void> {
  const old = `${fresh}.old`
  if (isThere) await rename(folder, old)
  await rename(fresh, folder)
  // Of a link this takes the link away, not what it leads to.
  await rm(old, { recursive: true, force: true })
}

/** Taking the files away from under a server that runs would break it in the midst of calls. */
async function refuseServed(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  if (!(pid > 0) || !isRunning(pid)) return
  throw refused('The sandbox is being served.', `End the server first; its PostgreSQL is process ${pid}.`)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function copyDatabase(
  connector: PostgresConnectorOptions,
  fresh: string,
  options: InitOptions,
): Promise<SandboxCopy> {
  const { plans, sample } = await readSource(connector, options)
  const folder = join(fresh, connector.name)
  const [owner, password] = [newPassword(), newPassword()]
  await createCluster(folder, owner, options.signal)
  const cluster = await startCluster(folder, options.signal)
  const database = openCopy({ login: CLUSTER_OWNER, password: owner, port: cluster.port })
  try {
    await database.connect(options.signal)
    await makeLogin(database, password, options.signal)
    const counts = await writeCopy(plans, {
      database,
      sample,
      pseudonyms: createPseudonyms(),
      reader: SANDBOX_LOGIN,
      signal: options.signal,
    })
    return { fingerprint: fingerprintOf(connector), password, rows: Object.fromEntries(counts) }
  } finally {
    await database.close()
    await cluster.stop()
  }
}

async function readSource(
  connector: PostgresConnectorOptions,
  { rows, signal }: InitOptions,
): Promise<{ plans: readonly TablePlan[]; sample: Sample }> {
  const database = createPostgresDatabase(connector)
  try {
    await database.connect(signal)
    const schema = await database.readSchema(connector.schemas, signal)
    const { tables, mistakes } = exposeTables({ ...connector, maskKey: '' }, schema)
    if (mistakes.length > 0) throw mismatch(mistakes)
    const plans = planCopy(tables)
    return { plans, sample: await sampleTables(plans, { database, rows, signal }) }
  } finally {
    await database.close()
  }
}

function openCopy({ login, password, port }: { login: string; password: string; port: number }): SqlDatabase {
  return createPostgresDatabase({
    url: `postgres://${login}:${password}@127.0.0.1:${port}/postgres`,
    tls: { mode: 'off' },
    pool: { max: 2, reserved: 1, connectTimeoutMs: 10_000, idleMs: 60_000 },
  })
}

async function makeLogin(database: SqlDatabase, password: string, signal: AbortSignal): Promise<void> {
  const { quote, literal } = database.dialect
  const login = `CREATE ROLE ${quote(SANDBOX_LOGIN)} LOGIN NOINHERIT PASSWORD ${literal(password)}`
  const budget = { maxRows: 1, maxBytes: 1024, timeoutMs: 10_000 }
  for (const text of [
    login,
    'REVOKE ALL ON DATABASE postgres FROM PUBLIC',
    `GRANT CONNECT ON DATABASE postgres TO ${quote(SANDBOX_LOGIN)}`,
  ]) {
    await database.execute(
      { text, parameters: [] },
      { signal, access: 'write', lane: 'ordinary', identity: NO_IDENTITY, budget },
    )
  }
}

function newPassword(): string {
  return randomBytes(24).toString('base64url')
}

function refused(message: string, hint?: string): ToolgateError {
  return new ToolgateError({ code: 'NOT_CONFIGURED', message, ...(hint !== undefined && { hint }) })
}
