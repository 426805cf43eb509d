import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

const MODULE = /\.(ts|mts|js|mjs)$/
const LEFT_OUT = /^[._]|(\.(test|d)\.(ts|mts|js|mjs)$)/

/**
 * The files of a folder, at any depth, that may hold definitions: .ts, .mts, .js and .mjs, without tests, type
 * declarations, node_modules and names that begin with a dot or an underscore. Sorted, so that the order is always the same.
 */
export async function findModuleFiles(folder: string): Promise<readonly string[]> {
  const files: string[] = []
  await collectFiles(folder, files, new Set())
  return files.sort()
}

async function collectFiles(folder: string, files: string[], visited: Set<string>): Promise<void> {
  // A link may lead back to a folder above.
  const real = await realpath(folder)
  if (visited.has(real)) return
  visited.add(real)
  for (const found of await readdir(folder, { withFileTypes: true })) {
    if (found.name === 'node_modules' || LEFT_OUT.test(found.name)) continue
    const path = join(folder, found.name)
    const kind = found.isSymbolicLink() ? await stat(path).catch(() => undefined) : found
    if (kind?.isDirectory()) await collectFiles(path, files, visited)
    else if (kind?.isFile() && MODULE.test(found.name)) files.push(path)
  }
}
