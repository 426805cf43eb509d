import type { Config } from './config.ts'
import { isSecretName, MASK, maskText } from './mask-secrets.ts'
import { originOf } from './origins.ts'

/**
 * The record as plain values to be shown, secrets masked: values whose option or variable of the environment is named
 * like a secret, and whatever looks like one in any other value.
 */
export function maskConfig(config: Config): Record<string, unknown> {
  return maskEntries(config)
}

function maskEntries(holder: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(holder).map(([option, value]) => [option, maskValue(value, holder, option)]))
}

function maskValue(value: unknown, holder: object, option: string | number): unknown {
  if (Array.isArray(value)) return value.map((item, index) => maskItem(item, { list: value, index, option }))
  if (typeof value === 'object' && value !== null) return maskEntries(value)
  if (originOf(holder, option).some(isSecretName)) return MASK
  if (typeof value !== 'string') return value
  return typeof option === 'string' && isSecretName(option) ? MASK : maskText(value)
}

/** A text in a list that is named like a secret is one. */
function maskItem(item: unknown, at: { list: readonly unknown[]; index: number; option: string | number }): unknown {
  const { list, index, option } = at
  const isSecret = typeof item === 'string' && typeof option === 'string' && isSecretName(option)
  return isSecret ? MASK : maskValue(item, list, index)
}
