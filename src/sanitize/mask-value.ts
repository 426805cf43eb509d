import { Buffer } from 'node:buffer'
import type { Tally } from './apply-findings.ts'
import type { Masker } from './masker.ts'

/** How deep a value may be nested: deeper than any data, and shallow enough for the stack. */
const MAX_DEPTH = 1000

/** Thrown for a value that is nested too deeply or contains itself: it can neither be looked through nor be sent. */
export class TooDeepError extends Error {}

/**
 * The value as JSON would write it, with every text in it masked, and the names of properties too. What holds nothing to
 * be masked is handed back as it is. Throws `TooDeepError`.
 */
export function maskValue(masker: Masker, value: unknown, tally: Tally): unknown {
  return masker.isIdle ? value : maskAny({ masker, tally }, value, { name: '', depth: 0 })
}

interface Masking {
  readonly masker: Masker
  readonly tally: Tally
}

interface Place {
  readonly name: string
  readonly depth: number
}

function maskAny(masking: Masking, value: unknown, place: Place): unknown {
  if (typeof value === 'string') return masking.masker.mask(value, masking.tally, place.name)
  if (typeof value === 'number') return maskNumber(masking, value, place.name)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (place.depth >= MAX_DEPTH) throw new TooDeepError(`it is nested more than ${MAX_DEPTH} deep, or contains itself`)
  const { toJSON } = value as { toJSON?: unknown }
  const plain: unknown = typeof toJSON === 'function' ? toJSON.call(value, place.name) : value
  if (plain !== value) return orSame(value, plain, maskAny(masking, plain, { ...place, depth: place.depth + 1 }))
  if (value instanceof String)
    return orSame(value, `${value}`, masking.masker.mask(`${value}`, masking.tally, place.name))
  return Array.isArray(value) ? maskList(masking, value, place) : maskEntries(masking, value, place.depth)
}

/** What writes itself as JSON stays what it is where nothing was masked. */
function orSame(value: object, plain: unknown, masked: unknown): unknown {
  return masked === plain ? value : masked
}

/** A number of a card is no secret the less for being a number; seven digits are the fewest that anything has. */
function maskNumber({ masker, tally }: Masking, value: number, name: string): unknown {
  if (!Number.isSafeInteger(value) || value < 1_000_000) return value
  const text = String(value)
  const masked = masker.mask(text, tally, name)
  return masked === text ? value : masked
}

function maskList(masking: Masking, list: readonly unknown[], { name, depth }: Place): unknown {
  const place = { name, depth: depth + 1 }
  let copy: unknown[] | undefined
  for (let at = 0; at < list.length; at += 1) {
    const masked = maskAny(masking, list[at], place)
    if (masked === list[at]) continue
    copy ??= [...list]
    copy[at] = masked
  }
  return copy ?? list
}

function maskEntries(masking: Masking, value: object, depth: number): unknown {
  const record = value as Record<string, unknown>
  const names = Object.keys(record)
  let changed: Map<string, unknown> | undefined
  for (const [index, name] of names.entries()) {
    const item = record[name]
    const masked = maskAny(masking, item, { name, depth: depth + 1 })
    const shown = masking.masker.maskName(name, masking.tally)
    if (changed === undefined && masked === item && shown === name) continue
    changed ??= new Map(names.slice(0, index).map((before) => [before, record[before]]))
    changed.set(freeName(shown, changed), masked)
  }
  // Not by assignment, which would take `__proto__` for something else than a name.
  return changed === undefined ? value : Object.fromEntries(changed)
}

/** Two names that were masked stay two. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(name)) return name
  for (let count = 2; ; count += 1) if (!taken.has(`${name} ${count}`)) return `${name} ${count}`
}

/**
 * Base64 of a text with the text masked; what is not UTF-8 is left alone.
 */
export function maskBase64({ masker, tally }: Masking, base64: string): string {
  const bytes = Buffer.from(base64, 'base64')
  const text = bytes.toString('utf8')
  if (text.includes('\ufffd') || text.includes('\0')) return base64
  const masked = masker.mask(text, tally)
  return masked === text ? base64 : Buffer.from(masked, 'utf8').toString('base64')
}
