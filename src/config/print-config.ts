import { stringify } from 'yaml'
import type { Config } from './config.ts'
import { escapeReferences } from './interpolate-env.ts'
import { maskConfig } from './mask-config.ts'

/** The effective configuration as YAML that can be loaded again, every default written out, secrets masked. */
export function printConfig(config: Config): string {
  const { directory, file, ...options } = maskConfig(config)
  const from = file === undefined ? `no file, paths relative to ${directory}` : file
  return `# Effective configuration (${from})\n${stringify(escapeAll(options), { lineWidth: 0 })}`
}

function escapeAll(value: unknown): unknown {
  if (typeof value === 'string') return escapeReferences(value)
  if (Array.isArray(value)) return value.map(escapeAll)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([option, item]) => [option, escapeAll(item)]))
}
