import type { ConfigPath } from './config-issue.ts'
import { pathKey } from './config-path.ts'
import { isSecretName, MASK, maskText } from './mask-secrets.ts'
import { printableText } from './quote-text.ts'
import type { Origin } from './take-values.ts'

/**
 * A value as a mistake shows it: secrets masked, long text cut, lists and mappings by their kind. What came from the
 * environment is shown as it is written in the file, never as what the variable holds.
 */
export function showValue(value: unknown, path: ConfigPath, origins: ReadonlyMap<string, Origin>): string {
  const origin = origins.get(pathKey(path))
  if (origin !== undefined) return `${showText(origin.written, path)} from the environment`
  if (typeof value === 'string') return showText(value, path)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  if (value === null) return 'empty'
  if (!isPrintable(value)) return `a ${typeof value}`
  return isSecretPath(path) && typeof value !== 'boolean' ? MASK : String(value)
}

function isPrintable(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
}

function showText(text: string, path: ConfigPath): string {
  if (isSecretPath(path)) return showMasked(text)
  return `'${printableText(maskText(text))}'`
}

function isSecretPath(path: ConfigPath): boolean {
  const name = path.findLast((part) => typeof part === 'string')
  return name !== undefined && isSecretName(name)
}

/** A lone reference names no secret; its default may be one. */
function showMasked(text: string): string {
  return /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(text) ? `'${text}'` : MASK
}
