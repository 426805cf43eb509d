import { formatClock, formatDay, formatUnscaled } from './format-value.ts'

/** A place in the bytes of an answer, as tedious reads them. */
type ReadValue = (bytes: Buffer, offset: number, metadata: ColumnMetadata, options: object) => ReadResult

interface ReadResult {
  readonly value: unknown
  readonly offset: number
}

interface ColumnMetadata {
  readonly type: { readonly name: string }
  readonly scale?: number | undefined
}

/** What tedious throws when the bytes of a value have not all come; it then reads the value again. */
type NotEnough = new (byteCount: number) => Error

/** The options of connections whose values are read exactly; others in this process read as they always did. */
const exactOptions = new WeakSet<object>()
const patched = new WeakSet<object>()

/**
 * tedious turns decimals and money into JavaScript numbers, dates into `Date` and forgets the zone of a
 * `datetimeoffset`; it offers no option to change that. So the one function that reads a value gives way to ours, for
 * connections of ours alone. `toSqlValue` refuses a decimal that is a number, should a version of tedious read elsewhere.
 */
export function makeValuesExact(parser: { readValue: ReadValue }, notEnough: NotEnough): void {
  if (patched.has(parser)) return
  const original = parser.readValue
  if (typeof original !== 'function') throw new Error('tedious reads values in another way than expected.')
  parser.readValue = (bytes, offset, metadata, options) => {
    const read = exactOptions.has(options) ? readExactly(new Cursor(bytes, offset, notEnough), metadata) : undefined
    return read ?? original(bytes, offset, metadata, options)
  }
  patched.add(parser)
}

/** Reads the values of a connection exactly from now on. */
export function readsExactly(connection: object): void {
  const { config } = connection as { config?: { options?: object } }
  if (config?.options !== undefined) exactOptions.add(config.options)
}

/** Where the next bytes are. */
class Cursor {
  readonly bytes: Buffer
  readonly #notEnough: NotEnough
  offset: number

  constructor(bytes: Buffer, offset: number, notEnough: NotEnough) {
    this.bytes = bytes
    this.offset = offset
    this.#notEnough = notEnough
  }

  take(size: number): Buffer {
    if (size < 0) throw new Error('The server sent a value of an impossible length.')
    const end = this.offset + size
    if (this.bytes.length < end) throw new this.#notEnough(end)
    const taken = this.bytes.subarray(this.offset, end)
    this.offset = end
    return taken
  }

  byte(): number {
    return this.take(1).readUInt8()
  }

  unsigned(size: number): bigint {
    let value = 0n
    const taken = this.take(size)
    for (let at = size - 1; at >= 0; at--) value = (value << 8n) | BigInt(taken[at] ?? 0)
    return value
  }
}

/** Names of tedious' types: those whose values have their length before them, and those that have none. */
const WITH_LENGTH: Readonly<Record<string, string>> = {
  NumericN: 'decimal',
  DecimalN: 'decimal',
  MoneyN: 'money',
  Date: 'date',
  Time: 'time',
  DateTime2: 'datetime2',
  DateTimeOffset: 'datetimeoffset',
  DateTimeN: 'datetime',
}
const BARE: Readonly<Record<string, readonly [kind: string, size: number]>> = {
  SmallMoney: ['money', 4],
  Money: ['money', 8],
  SmallDateTime: ['datetime', 4],
  DateTime: ['datetime', 8],
}
const VARIANT_BYTES_BEFORE_VALUE = 2

function readExactly(cursor: Cursor, { type, scale = 0 }: ColumnMetadata): ReadResult | undefined {
  const bare = BARE[type.name]
  if (bare !== undefined) return { value: toText(cursor, bare[0], bare[1], scale), offset: cursor.offset }
  const kind = WITH_LENGTH[type.name]
  if (kind !== undefined) {
    const size = cursor.byte()
    return { value: size === 0 ? null : toText(cursor, kind, size, scale), offset: cursor.offset }
  }
  return type.name === 'Variant' ? readVariant(cursor) : undefined
}

/** What a `sql_variant` may hold that needs to be exact, by the number of its type (MS-TDS 2.2.5.5.3). */
const VARIANTS: Readonly<Record<number, string>> = {
  40: 'date',
  41: 'time',
  42: 'datetime2',
  43: 'datetimeoffset',
  58: 'datetime',
  60: 'money',
  61: 'datetime',
  106: 'decimal',
  108: 'decimal',
  122: 'money',
}

function readVariant(cursor: Cursor): ReadResult | undefined {
  const length = cursor.take(4).readUInt32LE()
  if (length === 0) return { value: null, offset: cursor.offset }
  const kind = VARIANTS[cursor.byte()]
  if (kind === undefined) return undefined
  const properties = cursor.take(cursor.byte())
  const size = length - VARIANT_BYTES_BEFORE_VALUE - properties.length
  // A decimal says its precision before its scale.
  const scale = properties.at(-1) ?? 0
  return { value: toText(cursor, kind, size, scale), offset: cursor.offset }
}

const DECIMAL_SIZES: readonly number[] = [5, 9, 13, 17]

function toText(cursor: Cursor, kind: string, size: number, scale: number): string {
  switch (kind) {
    case 'decimal': {
      if (!DECIMAL_SIZES.includes(size)) throw new Error('The server sent a decimal of an impossible length.')
      const sign = cursor.byte() === 0 ? -1n : 1n
      return formatUnscaled(sign * cursor.unsigned(size - 1), scale)
    }
    case 'money':
      return formatUnscaled(readMoney(cursor, size), 4)
    case 'date':
      return formatDay(Number(cursor.unsigned(3)))
    case 'time':
      return formatClock(cursor.unsigned(size), scale)
    case 'datetime2': {
      const clock = formatClock(cursor.unsigned(size - 3), scale)
      return `${formatDay(Number(cursor.unsigned(3)))}T${clock}`
    }
    case 'datetimeoffset':
      return readOffset(cursor, size, scale)
    default:
      return size === 4 ? readSmallDateTime(cursor) : readDateTime(cursor)
  }
}

/** The upper half of an eight-byte money goes first. */
function readMoney(cursor: Cursor, size: number): bigint {
  if (size === 4) return BigInt.asIntN(32, cursor.unsigned(4))
  const high = cursor.unsigned(4)
  return BigInt.asIntN(64, (high << 32n) | cursor.unsigned(4))
}

/** The moment comes in UTC; it is shown as on the clocks of its zone. */
function readOffset(cursor: Cursor, size: number, scale: number): string {
  const unitsPerMinute = 60n * 10n ** BigInt(scale)
  const unitsPerDay = 1440n * unitsPerMinute
  const clock = cursor.unsigned(size - 5)
  const utc = cursor.unsigned(3) * unitsPerDay + clock
  const zone = cursor.take(2).readInt16LE()
  const local = utc + BigInt(zone) * unitsPerMinute
  const minutes = Math.abs(zone)
  const name = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':')
  const day = formatDay(Number(local / unitsPerDay))
  return `${day}T${formatClock(local % unitsPerDay, scale)}${zone < 0 ? '-' : '+'}${name}`
}

const DAYS_TO_1900 = 693_595

/** Days since 1900 and 300ths of a second, which the engine itself shows as milliseconds. */
function readDateTime(cursor: Cursor): string {
  const day = formatDay(cursor.take(4).readInt32LE() + DAYS_TO_1900)
  return `${day}T${formatClock((cursor.unsigned(4) * 10n + 1n) / 3n, 3)}`
}

/** Days since 1900 and minutes. */
function readSmallDateTime(cursor: Cursor): string {
  const day = formatDay(cursor.take(2).readUInt16LE() + DAYS_TO_1900)
  return `${day}T${formatClock(cursor.unsigned(2) * 60n, 0)}`
}
