import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A folder on disk for one test. */
export interface TemporaryProject {
  readonly path: string
  /** The absolute path of a file in it. */
  at(name: string): string
  /** Writes files, making the folders they need. */
  write(files: Readonly<Record<string, string>>): Promise<void>
  remove(): Promise<void>
}

/** What the project holds at the beginning. */
export interface TemporaryProjectContent {
  readonly files?: Readonly<Record<string, string>>
  /** Packages of this repository that it has installed: linked, so that nothing is downloaded. */
  readonly packages?: readonly string[]
}

/** Makes a project of real files, with a node_modules of its own when it has packages. */
export async function makeTemporaryProject(content: TemporaryProjectContent = {}): Promise<TemporaryProject> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'toolgate-test-')))
  const at = (name: string): string => join(path, name)
  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(at(name)), { recursive: true })
      await writeFile(at(name), text)
    }
  }
  await write(content.files ?? {})
  if (content.packages !== undefined) await linkPackages(at('node_modules'), content.packages)
  return { path, at, write, remove: () => rm(path, { recursive: true, force: true }) }
}

async function linkPackages(modules: string, packages: readonly string[]): Promise<void> {
  await mkdir(modules, { recursive: true })
  const installed = fileURLToPath(new URL('../../node_modules', import.meta.url))
  for (const name of packages) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(installed, name), join(modules, name))
  }
}
