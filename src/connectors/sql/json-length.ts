import { Buffer } from 'node:buffer'
import type { SqlValue } from './database.ts'

/**
 * Bytes of a value as JSON in UTF-8, without writing what needs no writing: rows are held to a budget one by one, and each
 * would else be written twice. Infinite for what is nested too deep to be written.
 */
export function jsonLength(value: SqlValue): number {
  if (typeof value === 'string') return PLAIN.test(value) ? value.length + 2 : written(value)
  if (typeof value === 'number') return String(value).length
  if (value === null || value === true) return 4
  return value === false ? 5 : written(value)
}

/** The same of a row, with its brackets and commas. */
export function rowLength(values: readonly SqlValue[]): number {
  let bytes = 1 + Math.max(1, values.length)
  for (const value of values) bytes += jsonLength(value)
  return bytes
}

/** One byte for each character, and no escapes. */
const PLAIN = /^[ !#-[\]-~]*$/

function written(value: SqlValue): number {
  try {
    return Buffer.byteLength(JSON.stringify(value))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
