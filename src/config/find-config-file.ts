import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The names that are looked for in a folder. */
export const CONFIG_FILE_NAMES: readonly string[] = ['toolgate.yaml', 'toolgate.yml', 'toolgate.config.ts']

/**
 * All config files that `path` may mean: itself when it is a file, those in it when it is a folder, those in `cwd` when
 * it is not given. Absolute; more than one is for the caller to refuse. Rejects with the error of the system when a file
 * or folder may not be looked at.
 */
export async function findConfigFiles(path: string | undefined, cwd: string): Promise<readonly string[]> {
  const at = resolve(cwd, path ?? '.')
  const kind = await kindOf(at)
  if (kind === 'absent') return []
  if (kind === 'file') return [at]
  const candidates = CONFIG_FILE_NAMES.map((name) => join(at, name))
  const kinds = await Promise.all(candidates.map(kindOf))
  return candidates.filter((_, index) => kinds[index] !== 'absent')
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'absent'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent'
    throw error
  }
}
