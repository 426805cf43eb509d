import { Buffer } from 'node:buffer'
import type { ResultColumn, SqlValue } from '../sql/database.ts'
import type { TypeFamily } from '../sql/database-schema.ts'

/** What a result says of one of its columns; numbers of the protocol. */
export interface WireColumn {
  readonly name: string
  readonly columnType: number
  readonly columnLength: number
  readonly decimals: number
  readonly flags: number
  readonly characterSet: number
  /** MariaDB: `uuid`, `inet6`, `point`. */
  readonly extendedTypeName?: string
  /** MariaDB: `json`. */
  readonly extendedFormat?: string
}

/** A column of a result, and how its values become JSON. */
export interface Decoder {
  readonly column: ResultColumn
  decode(value: unknown): SqlValue
}

const BINARY = 63
const UNSIGNED = 32
const ENUM = 256
const SET = 2048

/** Types of the protocol that need no look at anything else. */
const TYPES: ReadonlyMap<number, readonly [type: string, family: TypeFamily]> = new Map([
  [2, ['smallint', 'integer']],
  [3, ['int', 'integer']],
  [9, ['mediumint', 'integer']],
  [13, ['year', 'integer']],
  [8, ['bigint', 'bigint']],
  [0, ['decimal', 'decimal']],
  [246, ['decimal', 'decimal']],
  [4, ['float', 'float']],
  [5, ['double', 'float']],
  [6, ['null', 'other']],
  [7, ['timestamp', 'timestamp']],
  [17, ['timestamp', 'timestamp']],
  [10, ['date', 'date']],
  [14, ['date', 'date']],
  [11, ['time', 'time']],
  [19, ['time', 'time']],
  [12, ['datetime', 'timestamp']],
  [18, ['datetime', 'timestamp']],
  [245, ['json', 'json']],
  [255, ['geometry', 'other']],
] as const)

/** How the values of a column are written. The driver has been asked for strings where numbers would not be exact. */
export function decoderOf(wire: WireColumn): Decoder {
  const [type, family] = typeOf(wire)
  const column = { name: wire.name, type, family }
  const decode = DECODERS[type] ?? decodeAny
  return { column, decode: (value) => (value === null || value === undefined ? null : decode(value)) }
}

function typeOf(wire: WireColumn): readonly [string, TypeFamily] {
  if (wire.extendedFormat === 'json') return ['json', 'json']
  if (wire.extendedTypeName === 'uuid') return ['uuid', 'uuid']
  if (wire.columnType === 1) return isBoolean(wire) ? ['tinyint(1)', 'boolean'] : withSign('tinyint', 'integer', wire)
  if (wire.columnType === 16) return wire.columnLength === 1 ? ['bit(1)', 'boolean'] : ['bit', 'other']
  const known = TYPES.get(wire.columnType)
  if (known !== undefined) return withSign(...known, wire)
  if ((wire.flags & ENUM) !== 0) return ['enum', 'enum']
  if ((wire.flags & SET) !== 0) return ['set', 'other']
  return wire.characterSet === BINARY ? ['binary', 'binary'] : ['text', 'text']
}

function isBoolean({ columnLength, flags }: WireColumn): boolean {
  return columnLength === 1 && (flags & UNSIGNED) === 0
}

function withSign(type: string, family: TypeFamily, { flags }: WireColumn): readonly [string, TypeFamily] {
  const isWhole = family === 'bigint' || (family === 'integer' && type !== 'year')
  return [isWhole && (flags & UNSIGNED) !== 0 ? `${type} unsigned` : type, family]
}

const DECODERS: Readonly<Record<string, (value: unknown) => SqlValue>> = {
  // 2 fits into a tinyint(1), and is neither.
  'tinyint(1)': (value) => (value === 0 || value === 1 ? value === 1 : (value as number)),
  'bit(1)': (value) => (value as Buffer)[0] === 1,
  bit: (value) => [...(value as Buffer)].map((byte) => byte.toString(2).padStart(8, '0')).join(''),
  float: (value) => shortest(value as number),
  datetime: (value) => String(value).replace(' ', 'T'),
  // Sessions are in UTC.
  timestamp: (value) => `${String(value).replace(' ', 'T')}Z`,
  json: (value) => JSON.parse(String(value)) as SqlValue,
}

function decodeAny(value: unknown): SqlValue {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (typeof value === 'bigint') return value.toString()
  return value as SqlValue
}

/** The shortest number that is the same in 32 bits: 0.1, not 0.10000000149011612. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
