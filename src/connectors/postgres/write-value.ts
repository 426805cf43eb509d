import { Buffer } from 'node:buffer'
import type { SqlParameter } from '../sql/dialect.ts'

/** A parameter as the server reads it: as text, whose type it infers, or as bytes. */
export function writeValue(value: SqlParameter): string | Buffer | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return typeof value === 'object' ? writeArray(value) : String(value)
}

/** Every part in quotes: bare ones could be NULL, or hold what ends them. */
function writeArray(values: readonly SqlParameter[]): string {
  return `{${values.map(writePart).join(',')}}`
}

function writePart(value: SqlParameter): string {
  if (value === null) return 'NULL'
  if (typeof value === 'object' && !(value instanceof Uint8Array)) return writeArray(value)
  const text = value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
