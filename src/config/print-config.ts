import { stringify } from 'yaml'
import type { Config } from './config.ts'
import { escapeReferences } from './interpolate-env.ts'
import { isSecretName, MASK, maskText } from './mask-secrets.ts'
import { originOf } from './origins.ts'

/**
 * The effective configuration as YAML that can be loaded again, every default written out, secrets masked: values whose
 * option or variable of the environment is named like a secret, and whatever looks like one in any other value.
 */
export function printConfig(config: Config): string {
  const { directory, file, ...options } = config
  const from = file === undefined ? `no file, paths relative to ${directory}` : file
  return `# Effective configuration (${from})\n${stringify(maskValues(options, config), { lineWidth: 0 })}`
}

/** `holder` is the object the origins are remembered under; at the root it differs from what is printed. */
function maskValues(value: object, holder: object): unknown {
  if (Array.isArray(value)) return value.map((item, index) => maskValue(item, { holder, option: index }))
  return Object.fromEntries(
    Object.entries(value).map(([option, item]) => [option, maskValue(item, { holder, option })]),
  )
}

function maskValue(value: unknown, at: { readonly holder: object; readonly option: string | number }): unknown {
  if (typeof value === 'object' && value !== null) return maskValues(value, value)
  if (originOf(at.holder, at.option).some(isSecretName)) return MASK
  if (typeof value !== 'string') return value
  if (typeof at.option === 'string' && isSecretName(at.option)) return MASK
  return escapeReferences(maskText(value))
}
