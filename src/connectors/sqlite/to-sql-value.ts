import { Buffer } from 'node:buffer'
import type { SqlValue } from '../sql/database.ts'
import type { TypeFamily } from '../sql/database-schema.ts'

/** A value of the engine as JSON, exact. Any value can stand in any column, so the value decides and the type refines. */
export function toSqlValue(value: unknown, family: TypeFamily): SqlValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return fromInteger(value, family)
  if (typeof value === 'number') return fromReal(value, family)
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  return family === 'json' ? fromJson(String(value)) : String(value)
}

function fromInteger(value: bigint, family: TypeFamily): SqlValue {
  if (family === 'boolean' && (value === 0n || value === 1n)) return value === 1n
  const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return isSafe && family !== 'bigint' && family !== 'decimal' ? Number(value) : String(value)
}

function fromReal(value: number, family: TypeFamily): SqlValue {
  return Number.isFinite(value) && family !== 'decimal' ? value : String(value)
}

/** Text that is no JSON stays text; so does one with numbers that would lose digits. */
function fromJson(text: string): SqlValue {
  if (/\d{16}|e[+-]?\d{3}/i.test(text)) return text
  try {
    return JSON.parse(text) as SqlValue
  } catch {
    return text
  }
}
