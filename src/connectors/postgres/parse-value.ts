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

/** A value out of the server's text, exactly; see `TypeFamily`. */
export function parseValue(text: string | null, type: PgType): SqlValue {
  return text === null ? null : (PARSERS[type.family]?.(text, type) ?? text)
}

const PARSERS: Readonly<Partial<Record<TypeFamily, (text: string, type: PgType) => SqlValue>>> = {
  integer: (text) => Number(text),
  float: (text) => (Number.isFinite(Number(text)) ? Number(text) : text),
  boolean: (text) => text === 't',
  binary: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'),
  json: parseJson,
  timestamp: writeTimestamp,
  time: (text) => text.replace(/([+-]\d{2})$/, '$1:00'),
  array: (text, { element, delimiter }) =>
    element === undefined ? text : parseArray(text, delimiter, (part) => parseValue(part, element)),
}

/** `infinity` and years before Christ have no form in ISO 8601 and stay as they are. */
function writeTimestamp(text: string): string {
  if (!/^\d{4,6}-/.test(text) || text.endsWith(' BC')) return text
  return text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')
}
