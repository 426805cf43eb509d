import { dirname, extname, relative, resolve } from 'node:path'
import { checkConfig } from './check-config.ts'
import type { Config } from './config.ts'
import { ConfigError } from './config-error.ts'
import { CONFIG_FILE_NAMES, findConfigFiles } from './find-config-file.ts'
import type { Environment } from './interpolate-env.ts'
import type { ConfigSource } from './mistake.ts'
import { type ImportModule, readModule } from './read-module.ts'
import { mistaken, readText, reasonOf } from './read-text.ts'
import { resolveConfig } from './resolve-config.ts'
import { toIssues } from './to-issues.ts'

/** What loading a configuration needs from outside. */
export interface LoadOptions {
  readonly env: Environment
  /** Folder that `path` is relative to and in which a config file is looked for. */
  readonly cwd: string
  /** Loads `toolgate.config.ts` and other modules. Without it only YAML can be read. */
  readonly importModule?: ImportModule
  /** Names of connectors that are made in code, so that selectors may name them. */
  readonly knownConnectors?: readonly string[]
}

const MODULES: readonly string[] = ['.ts', '.mts', '.js', '.mjs']
const TEXTS: readonly string[] = ['.yaml', '.yml', '.json']

/**
 * Loads the configuration from a file, from the config file in a folder, or from the one in `cwd`. Fills in the
 * environment and every default, checks all of it and freezes it.
 *
 * Rejects with `ConfigError` (`CONFIG_INVALID`) that lists every mistake at once.
 */
export async function loadConfig(path: string | undefined, options: LoadOptions): Promise<Config> {
  const file = await chooseFile(path, options.cwd)
  const named = nameForPeople(file, options.cwd)
  const source = await readSource(file, named, options)
  if (source.mistakes.length > 0 && source.value === undefined)
    throw new ConfigError(toIssues(source.mistakes, source, named), source.cause)
  const { config, mistakes, origins } = checkConfig(source.value, options)
  const all = [...source.mistakes, ...mistakes]
  if (config === undefined || all.length > 0) throw new ConfigError(toIssues(all, source, named), source.cause)
  return resolveConfig(config, { directory: dirname(file), file, origins })
}

async function chooseFile(path: string | undefined, cwd: string): Promise<string> {
  const shown = path === undefined ? 'this folder' : nameForPeople(resolve(cwd, path), cwd)
  const files = await findConfigFiles(path, cwd).catch((cause: unknown) => {
    throw new ConfigError([{ path: '', file: shown, problem: `cannot be looked at: ${reasonOf(cause)}` }], cause)
  })
  const [file, second] = files
  if (file === undefined) {
    const problem =
      path === undefined ? 'there is no config file in this folder' : `there is no config file at ${shown}`
    throw new ConfigError([{ path: '', problem, expected: `one of ${CONFIG_FILE_NAMES.join(', ')}, or a path to one` }])
  }
  if (second !== undefined) {
    const names = files.map((each) => nameForPeople(each, cwd)).join(' and ')
    throw new ConfigError([
      { path: '', problem: `there are ${names}`, expected: 'one config file, or the path of one' },
    ])
  }
  return file
}

async function readSource(file: string, named: string, options: LoadOptions): Promise<ConfigSource> {
  const extension = extname(file).toLowerCase()
  if (MODULES.includes(extension)) return readModule(file, options)
  if (TEXTS.includes(extension)) return readText(file, named)
  return mistaken('is no config file', `a file that ends in ${[...TEXTS, '.ts'].join(', ')}`)
}

function nameForPeople(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path === '' ? '.' : path.startsWith('..') ? file : path
}
