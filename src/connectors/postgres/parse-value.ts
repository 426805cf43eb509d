import type { SqlValue } from '../sql/database.ts'
import type { TypeFamily } from '../sql/database-schema.ts'
import { parseArray } from './parse-array.ts'
import { parseJson } from './parse-json.ts'

/** A type as `pg_type` has it, as far as values are read by it. */
export interface PgType {
  /** As people write it: `numeric`, `my_enum[]`. */
  readonly name: string
  readonly family: TypeFamily
  /** Of arrays: the type of what they hold. */
  readonly element?: PgType
  /** Of arrays: what stands between two values in its text; `;` for boxes. */
  readonly delimiter: string
}

/** Reads a value out of the server's text. */
export type ValueReader = (text: string) => SqlValue

/** What reads values of a type, exactly; see `TypeFamily`. */
export function readerOf(type: PgType): ValueReader {
  const parse = PARSERS[type.family]
  return parse === undefined ? (text) => text : (text) => parse(text, type)
}

const PARSERS: Readonly<Partial<Record<TypeFamily, (text: string, type: PgType) => SqlValue>>> = {
  integer: (text) => Number(text),
  float: (text) => (Number.isFinite(Number(text)) ? Number(text) : text),
  boolean: (text) => text === 't',
  binary: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'),
  json: parseJson,
  timestamp: writeTimestamp,
  time: (text) => text.replace(/([+-]\d{2})$/, '$1:00'),
  array: readArray,
}

/** `infinity` and years before Christ have no form in ISO 8601 and stay as they are. */
function writeTimestamp(text: string): string {
  if (!/^\d{4,6}-/.test(text) || text.endsWith(' BC')) return text
  return text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')
}

function readArray(text: string, { element, delimiter }: PgType): SqlValue {
  if (element === undefined) return text
  const read = readerOf(element)
  return parseArray(text, delimiter, (part) => (part === null ? null : read(part)))
}
