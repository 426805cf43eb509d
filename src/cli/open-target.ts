import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { defaultConfig } from '../config/default-config.ts'
import { CONFIG_FILE_NAMES, findConfigFiles } from '../config/find-config-file.ts'
import { type LoadOptions, loadConfig } from '../config/load-config.ts'
import { ToolgateError } from '../errors.ts'
import type { Invocation } from './command.ts'
import { UsageError } from './usage-error.ts'

const CODE = new Set(['.ts', '.mts', '.js', '.mjs'])

/**
 * Reads the configuration that a command line means: `--config FILE`, else PATH, else the config file of the current
 * folder. A folder or file of tools without a config file gets the default configuration.
 */
export async function openTarget(invocation: Invocation): Promise<Config> {
  const { command, options, terminal, positionals } = invocation
  const path = positionals[command.arguments.findIndex((argument) => argument.name === 'PATH')]
  const file = options.text('config')
  if (file !== undefined && path !== undefined) {
    throw new UsageError('Both PATH and --config were given.', 'Both name what to read: leave one of them out.')
  }
  const meant = resolve(terminal.directory, file ?? path ?? '.')
  const found = statSync(meant, { throwIfNoEntry: false })
  if (found === undefined) throw missing(meant)
  const isTools = file === undefined && (found.isFile() ? !isConfigFile(meant) : await hasNoConfigFile(meant))
  if (!isTools) return loadConfig(meant, loadOptions(invocation))
  if (path === undefined) throw noConfigFile(meant, command.name)
  return openTools(meant, found.isFile())
}

function loadOptions({ terminal }: Invocation): LoadOptions {
  return {
    env: terminal.environment,
    cwd: terminal.directory,
    importModule: async (file) => (await import('../app/import-module.ts')).importModule(file),
  }
}

function openTools(path: string, isFile: boolean): Config {
  if (isFile && !CODE.has(extname(path))) {
    throw notTools(path, 'is neither a config file nor a TypeScript or JavaScript file')
  }
  if (!isFile && !holdsCode(path)) throw notTools(path, 'holds no config file and no TypeScript or JavaScript file')
  const directory = isFile ? dirname(path) : path
  return defaultConfig({ connectors: [{ name: 'tools', type: 'typescript', path }], directory })
}

function holdsCode(folder: string): boolean {
  return readdirSync(folder, { recursive: true }).some((name) => CODE.has(extname(String(name))))
}

function isConfigFile(path: string): boolean {
  return /\.(ya?ml|json)$/.test(path) || /^toolgate\.config\.[cm]?[jt]s$/.test(basename(path))
}

async function hasNoConfigFile(folder: string): Promise<boolean> {
  return (await findConfigFiles(folder, folder)).length === 0
}

function missing(path: string): ToolgateError {
  return new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `There is nothing at ${path}.`,
    hint: 'Name a config file, its folder, or a file or folder of tools.',
  })
}

function noConfigFile(folder: string, command: string): ToolgateError {
  return new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `There is no config file (${CONFIG_FILE_NAMES.join(', ')}) in ${folder}.`,
    hint: `Write one with \`toolgate init\`, or name what to read: \`toolgate ${command} PATH\`.`,
  })
}

function notTools(path: string, why: string): ToolgateError {
  return new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `${path} ${why}.`,
    hint: 'A tool is a .ts or .js file that exports what `defineTool` returns; `toolgate init` writes an example.',
  })
}
