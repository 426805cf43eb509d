import { readFile, stat } from 'node:fs/promises'
import { ConfigError } from './config-error.ts'
import type { ConfigSource } from './mistake.ts'
import { readYaml } from './read-yaml.ts'

/** Bytes of a config file; a larger one is not one. */
const MAX_FILE_BYTES = 1_048_576

/** Reads a file of YAML in UTF-8. Rejects with `ConfigError` where it cannot be read. */
export async function readText(file: string, named: string): Promise<ConfigSource> {
  try {
    const { size } = await stat(file)
    if (size > MAX_FILE_BYTES) return mistaken('is too large', `at most ${MAX_FILE_BYTES} bytes`)
    const bytes = await readFile(file)
    if (bytes.includes(0)) return mistaken('is not a text', 'YAML in UTF-8')
    return readYaml(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    if (cause instanceof TypeError) return mistaken('is not a text', 'YAML in UTF-8')
    throw new ConfigError([{ path: '', file: named, problem: `cannot be read: ${reasonOf(cause)}` }], cause)
  }
}

/** A file of which nothing can be used. */
export function mistaken(problem: string, expected: string): ConfigSource {
  return { value: undefined, mistakes: [{ path: [], at: 'value', problem, expected }] }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
}

/** Why a file cannot be read, for people. */
export function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason'
  return REASONS[code] ?? code
}
