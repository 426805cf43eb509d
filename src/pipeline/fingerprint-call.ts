import { createHash } from 'node:crypto'
import type { Call } from './call.ts'

/** Tells apart what is called with which arguments: base64url SHA-256. The order of an object's members does not matter. */
export function fingerprintCall({ name, input }: Call): string {
  return createHash('sha256')
    .update(JSON.stringify([name, input ?? null], inOrder))
    .digest('base64url')
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  // An object made from entries keeps a key `__proto__` as a key.
  return Object.fromEntries(entries)
}
