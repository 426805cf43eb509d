import { constants, type Stats } from 'node:fs'
import { access, lstat, mkdir, mkdtemp, stat } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { ToolgateError } from '../errors.ts'

/** What is executed later must not be writable by others: neither group nor world. */
const WRITABLE_BY_OTHERS = 0o022
const WRITABLE_BY_ALL = 0o002

/**
 * The folder for the built modules of a project: `.cache/toolgate` in the nearest node_modules that can be trusted and
 * written, else in the user's cache folder, else a fresh temporary one. Made if it is missing.
 * Rejects with `CONNECTOR_FAILED` when the user's cache folder could have been filled by somebody else.
 */
export async function openModuleCacheFolder(root: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const owner = (await stat(root).catch(() => undefined))?.uid
  for (const modules of nodeModulesAbove(root)) {
    const folder = await openInNodeModules(modules, owner)
    if (folder !== undefined) return folder
  }
  return openInUserCache(env)
}

function nodeModulesAbove(path: string): string[] {
  const folders = [join(path, 'node_modules')]
  for (let at = path; dirname(at) !== at; at = dirname(at)) folders.push(join(dirname(at), 'node_modules'))
  return folders
}

/** A node_modules that somebody else left above the project (`/tmp/node_modules`) would be a way to run code here. */
async function openInNodeModules(modules: string, owner: number | undefined): Promise<string | undefined> {
  const found = await stat(modules).catch(() => undefined)
  if (found === undefined || !found.isDirectory() || !isTrusted(found, WRITABLE_BY_ALL, owner)) return undefined
  const folder = join(modules, '.cache', 'toolgate')
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
    return isTrusted(await stat(folder), WRITABLE_BY_ALL, owner) ? folder : undefined
  } catch {
    return undefined
  }
}

async function openInUserCache(env: NodeJS.ProcessEnv): Promise<string> {
  const named = env.XDG_CACHE_HOME
  const home = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.cache')
  const folder = join(home, 'toolgate')
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK)
  } catch {
    return openTemporary()
  }
  const found = await lstat(folder)
  if (found.isDirectory() && isTrusted(found, WRITABLE_BY_OTHERS)) return folder
  throw new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The cache folder ${folder} belongs to another user or can be written by others.`,
    hint: 'Remove it, or point XDG_CACHE_HOME at a folder of your own.',
  })
}

let temporary: Promise<string> | undefined

/** A container may have no writable home at all; the modules are then built at every start. */
function openTemporary(): Promise<string> {
  temporary ??= mkdtemp(join(tmpdir(), 'toolgate-'))
  return temporary
}

/**
 * Whether nobody but this user, root and the owner of the project can have put something there: their code runs here
 * anyhow. Windows keeps other rules; there it is so.
 */
function isTrusted(found: Stats, forbidden: number, owner?: number): boolean {
  const uid = process.getuid?.()
  if (uid === undefined) return true
  const isOwned = found.uid === uid || found.uid === 0 || found.uid === owner
  return isOwned && (found.mode & forbidden) === 0
}
