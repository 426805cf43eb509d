import { ToolgateError } from '../errors.ts'
import { isPlainObject } from './config-path.ts'
import type { Environment } from './interpolate-env.ts'
import { isSecretName, looksSecret, MASK, maskText } from './mask-secrets.ts'
import type { ConfigSource } from './mistake.ts'

/** Loads a module and answers its namespace. */
export type ImportModule = (file: string) => Promise<unknown>

/** What reading a module needs from outside. */
export interface ReadModuleOptions {
  readonly env: Environment
  readonly importModule?: ImportModule
}

/** Reads the default export of a config module. What the module throws while loading is a mistake of it. */
export async function readModule(file: string, options: ReadModuleOptions): Promise<ConfigSource> {
  if (options.importModule === undefined) return mistaken('is a module, and modules cannot be loaded here', 'YAML')
  try {
    const module: unknown = await options.importModule(file)
    const value = hasDefault(module) ? module.default : undefined
    if (isPlainObject(value)) return { value, mistakes: [] }
    return mistaken('has no configuration as default export', '`export default defineConfig({ … })`')
  } catch (cause) {
    const problem = `cannot be loaded: ${explainThrown(cause, options.env)}`
    return { value: undefined, mistakes: [{ path: [], at: 'value', problem }], cause }
  }
}

function hasDefault(module: unknown): module is { default: unknown } {
  return typeof module === 'object' && module !== null && 'default' in module
}

/** Code that reads the environment may put it into what it throws. */
function explainThrown(thrown: unknown, env: Environment): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const told =
    thrown instanceof ToolgateError ? [text, thrown.hint].filter(Boolean).join(' ') : (text.split('\n', 1)[0] ?? '')
  const secrets = Object.entries(env)
    .filter(([name, value]) => value !== undefined && value.length > 2 && (isSecretName(name) || looksSecret(value)))
    .map(([, value]) => value ?? '')
    .sort((a, b) => b.length - a.length)
  return maskText(secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), told))
}

function mistaken(problem: string, expected: string): ConfigSource {
  return { value: undefined, mistakes: [{ path: [], at: 'value', problem, expected }] }
}
