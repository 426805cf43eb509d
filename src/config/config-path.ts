import type { ConfigPath } from './config-issue.ts'
import { maskText } from './mask-secrets.ts'
import { printableText } from './quote-text.ts'

const PLAIN = /^[A-Za-z_$][A-Za-z0-9_$-]{0,39}$/

/** The path as people write it: `access.roles["my role"].allow[0]`. Safe to show. */
export function writePath(path: ConfigPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (!PLAIN.test(part)) return `${text}["${printableText(maskText(part))}"]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}

/** The path as the key of a map. */
export function pathKey(path: ConfigPath): string {
  return JSON.stringify(path)
}

/** Whether a value is an object literal: no array, no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What stands at the path, or undefined; never something inherited. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((at, part) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined
    return (at as Record<string | number, unknown>)[part]
  }, root)
}
