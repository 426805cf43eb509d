import { createHmac, randomBytes } from 'node:crypto'
import type { Column } from '../../connectors/sql/database-schema.ts'
import { Tally } from '../../sanitize/apply-findings.ts'
import { PERSONAL_KINDS } from '../../sanitize/personal-kind.ts'
import { createSanitizer } from '../../sanitize/sanitizer.ts'

/** Makes up values. The secret it goes by is forgotten with it, so nothing can be looked up later. */
export interface Pseudonyms {
  /** Made up: the same for the same value and another for another, as long as the type has room; undefined where it has none. */
  of(value: string, column: Column): string | undefined
  /** The text without personal data and secrets; a text of which the rest would be no value of its type is made up whole. */
  clean(value: string, column: Column, isKey: boolean): string | undefined
}

/** Values are texts as the engine writes them. */
export function createPseudonyms(secret: Uint8Array = randomBytes(32)): Pseudonyms {
  const made = new Map<string, string>()
  const taken = new Set<string>()
  const masker = createSanitizer({ secrets: true, values: [], hashKey: secret }).maskerFor([
    { kinds: PERSONAL_KINDS, action: 'hash' },
  ])
  const of = (value: string, column: Column): string | undefined => {
    const shape = `${column.family}:${column.type}`
    const known = made.get(`${shape}:${value}`)
    if (known !== undefined) return known
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const digest = createHmac('sha256', secret).update(`${attempt}:${column.family}:${value}`).digest()
      const found = shapeDigest(digest, column)
      if (found === undefined) return undefined
      const isLast = attempt === MAX_ATTEMPTS - 1
      if (!isLast && (found === value || taken.has(`${shape}:${found}`))) continue
      made.set(`${shape}:${value}`, found)
      taken.add(`${shape}:${found}`)
      return found
    }
    return undefined
  }
  return {
    of,
    clean(value, column, isKey) {
      if (!TEXTUAL.has(column.family)) return value
      const masked = masker.mask(value, new Tally(), column.name)
      if (masked === value) return value
      if (isKey || column.family !== 'text' || masked.length > (room(column) ?? masked.length)) return of(value, column)
      return masked
    },
  }
}

/** More would only be needed where a type has fewer values than rows. */
const MAX_ATTEMPTS = 64
const TEXTUAL: ReadonlySet<string> = new Set(['text', 'json', 'array', 'other'])

/** A value of the column's type out of a digest. */
function shapeDigest(digest: Buffer, column: Column): string | undefined {
  const hex = digest.toString('hex')
  const number = digest.readUIntBE(0, 6)
  const day = new Date(Date.UTC(1950, 0, 1) + (number % 25_000) * 86_400_000).toISOString().slice(0, 10)
  switch (column.family) {
    case 'text':
      return hex.slice(0, Math.min(16, room(column) ?? 16))
    case 'integer':
    case 'bigint':
      return String(1 + (number % (/small|int2|tiny/i.test(column.type) ? 32_767 : 2_147_483_647)))
    case 'decimal':
      return String(number % 10 ** wholeDigits(column.type))
    case 'float':
      return String(number % 1_000_000)
    case 'uuid':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
    case 'date':
      return day
    case 'timestamp':
      return `${day}T00:00:00Z`
    case 'time':
      return '00:00:00'
    case 'boolean':
      return 'false'
    case 'enum':
      return column.values?.[0]
    case 'binary':
      return `\\x${hex.slice(0, 32)}`
    case 'json':
      return '{}'
    case 'array':
      return '{}'
    default:
      return undefined
  }
}

/** Characters that the type has room for: `varchar(40)`. */
function room({ type }: Column): number | undefined {
  const found = /char[a-z ]*\((\d+)\)/i.exec(type)
  return found === null ? undefined : Number(found[1])
}

function wholeDigits(type: string): number {
  const found = /\((\d+)(?:,(\d+))?\)/.exec(type)
  return found === null ? 9 : Math.max(0, Math.min(9, Number(found[1]) - Number(found[2] ?? 0)))
}
