import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openModuleCacheFolder } from './module-cache-folder.ts'

/** One file that went into a build, as it was when it was read. */
export interface BuildInput {
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
  /** SHA-256 of the content, hex. */
  readonly hash: string
}

/** What a build depends on beside its inputs. Any difference makes a cached one worthless. */
export interface BuildIdentity {
  readonly entries: readonly string[]
  /** The versions and the places of the tools that made it. */
  readonly tools: string
}

/** A build in the cache: the output of each entry, in the order of the entries. */
export interface CachedBuild {
  readonly outputs: readonly string[]
  readonly inputs: readonly string[]
}

interface Manifest extends BuildIdentity {
  readonly build: string
  readonly inputs: readonly BuildInput[]
}

/** Running processes may still load a chunk of an older build. */
const BUILDS_KEPT = 5

/** The builds of one project (a folder or a file). */
export class ModuleCache {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The latest build, if nothing that went into it has changed. Never reads more than the manifest and file stats. */
  async find(identity: BuildIdentity): Promise<CachedBuild | undefined> {
    const manifest = await this.#readManifest()
    if (manifest === undefined || !isSameIdentity(manifest, identity)) return undefined
    const folder = join(this.#folder, manifest.build)
    const checks = await Promise.all([stat(folder).then(isFolder, no), ...manifest.inputs.map(isUnchanged)])
    return checks.every(Boolean) ? describeBuild(folder, manifest) : undefined
  }

  /** Keeps a build under a name made of its content, and lets go of old ones. */
  async store(
    identity: BuildIdentity,
    inputs: readonly BuildInput[],
    files: ReadonlyMap<string, Uint8Array>,
  ): Promise<CachedBuild> {
    const build = hashFiles(files)
    const folder = join(this.#folder, build)
    await this.#writeBuild(folder, files)
    const manifest: Manifest = { ...identity, build, inputs }
    await this.#replaceFile(join(this.#folder, 'manifest.json'), JSON.stringify(manifest))
    await this.#prune(build)
    return describeBuild(folder, manifest)
  }

  async #readManifest(): Promise<Manifest | undefined> {
    try {
      return JSON.parse(await readFile(join(this.#folder, 'manifest.json'), 'utf8')) as Manifest
    } catch {
      return undefined
    }
  }

  /** Written aside and renamed, so that a process that starts meanwhile sees the whole build or none. */
  async #writeBuild(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const aside = `${folder}.${randomUUID()}`
    await mkdir(aside, { recursive: true, mode: 0o700 })
    await Promise.all([...files].map(([name, bytes]) => writeFile(join(aside, name), bytes)))
    try {
      await rename(aside, folder)
    } catch {
      // The same content is there already, or another process was first.
      await rm(aside, { recursive: true, force: true })
    }
  }

  async #replaceFile(path: string, text: string): Promise<void> {
    const aside = `${path}.${randomUUID()}`
    await writeFile(aside, text, { mode: 0o600 })
    await rename(aside, path)
  }

  async #prune(current: string): Promise<void> {
    const names = await readdir(this.#folder, { withFileTypes: true })
    const builds = names.filter((found) => found.isDirectory() && found.name !== current).map(({ name }) => name)
    const aged = await Promise.all(
      builds.map(async (name) => ({
        name,
        at: (await stat(join(this.#folder, name)).catch(() => undefined))?.mtimeMs,
      })),
    )
    aged.sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
    const old = aged.slice(BUILDS_KEPT - 1).map(({ name }) => join(this.#folder, name))
    await Promise.all(old.map((folder) => rm(folder, { recursive: true, force: true })))
  }
}

/** Opens the cache of the project at `root`, an absolute path. */
export async function openModuleCache(root: string): Promise<ModuleCache> {
  const folder = join(await openModuleCacheFolder(root), sha256(root).slice(0, 20))
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return new ModuleCache(folder)
}

/** SHA-256 in hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function describeBuild(folder: string, manifest: Manifest): CachedBuild {
  return {
    outputs: manifest.entries.map((_, index) => join(folder, `${outputName(index)}.mjs`)),
    inputs: manifest.inputs.map(({ path }) => path),
  }
}

/** What the output of the entry at an index is called, without its ending. */
export function outputName(index: number): string {
  return `entry-${index}`
}

function isSameIdentity(manifest: Manifest, identity: BuildIdentity): boolean {
  return (
    manifest.tools === identity.tools &&
    manifest.entries.length === identity.entries.length &&
    manifest.entries.every((entry, index) => entry === identity.entries[index])
  )
}

/** Same size and time is taken as unchanged; a file that was merely touched or checked out anew is compared. */
async function isUnchanged(input: BuildInput): Promise<boolean> {
  try {
    const found = await stat(input.path)
    if (found.size !== input.size) return false
    return found.mtimeMs === input.mtimeMs || sha256(await readFile(input.path)) === input.hash
  } catch {
    return false
  }
}

function isFolder(found: { isDirectory(): boolean }): boolean {
  return found.isDirectory()
}

function no(): boolean {
  return false
}

function hashFiles(files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash('sha256')
  for (const name of [...files.keys()].sort()) hash.update(`${name}\0`).update(files.get(name) ?? new Uint8Array())
  return hash.digest('hex').slice(0, 20)
}
