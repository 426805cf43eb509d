import type { ResultColumn, SqlValue } from '../sql/database.ts'
import type { TypeFamily } from '../sql/database-schema.ts'

/** A column as the driver describes it. */
export interface DriverColumn {
  readonly colName: string
  readonly type: { readonly name: string }
  readonly dataLength?: number | undefined
  readonly precision?: number | undefined
  readonly scale?: number | undefined
}

const MAX = 0xffff

/** The engine's own name of a type and what its values are, by the driver's name. */
const TYPES: Readonly<Record<string, readonly [type: string, family: TypeFamily]>> = {
  Bit: ['bit', 'boolean'],
  BitN: ['bit', 'boolean'],
  TinyInt: ['tinyint', 'integer'],
  SmallInt: ['smallint', 'integer'],
  Int: ['int', 'integer'],
  BigInt: ['bigint', 'bigint'],
  Real: ['real', 'float'],
  Float: ['float', 'float'],
  SmallMoney: ['smallmoney', 'decimal'],
  Money: ['money', 'decimal'],
  MoneyN: ['money', 'decimal'],
  DecimalN: ['decimal', 'decimal'],
  NumericN: ['numeric', 'decimal'],
  Date: ['date', 'date'],
  Time: ['time', 'time'],
  DateTime: ['datetime', 'timestamp'],
  DateTimeN: ['datetime', 'timestamp'],
  SmallDateTime: ['smalldatetime', 'timestamp'],
  DateTime2: ['datetime2', 'timestamp'],
  DateTimeOffset: ['datetimeoffset', 'timestamp'],
  UniqueIdentifier: ['uniqueidentifier', 'uuid'],
  VarBinary: ['varbinary', 'binary'],
  Binary: ['binary', 'binary'],
  Image: ['image', 'binary'],
  VarChar: ['varchar', 'text'],
  Char: ['char', 'text'],
  Text: ['text', 'text'],
  NVarChar: ['nvarchar', 'text'],
  NChar: ['nchar', 'text'],
  NText: ['ntext', 'text'],
  Xml: ['xml', 'text'],
  UDT: ['udt', 'binary'],
  Variant: ['sql_variant', 'other'],
}
const INTEGERS: Readonly<Record<number, readonly [type: string, family: TypeFamily]>> = {
  1: ['tinyint', 'integer'],
  2: ['smallint', 'integer'],
  4: ['int', 'integer'],
  8: ['bigint', 'bigint'],
}

/** The column as the connector knows it. */
export function toResultColumn(column: DriverColumn): ResultColumn {
  const [type, family] = typeOf(column)
  return { name: column.colName, type: type + argumentsOf(column, type), family }
}

function typeOf({ type, dataLength = 0 }: DriverColumn): readonly [type: string, family: TypeFamily] {
  if (type.name === 'IntN') return INTEGERS[dataLength] ?? ['int', 'integer']
  if (type.name === 'FloatN') return dataLength === 4 ? ['real', 'float'] : ['float', 'float']
  return TYPES[type.name] ?? [type.name.toLowerCase(), 'other']
}

function argumentsOf({ dataLength, precision, scale }: DriverColumn, type: string): string {
  if (type === 'decimal' || type === 'numeric') return `(${precision},${scale})`
  if (type === 'time' || type === 'datetime2' || type === 'datetimeoffset') return `(${scale})`
  if (!/^n?(var)?(char|binary)$/.test(type)) return ''
  if (dataLength === MAX) return '(max)'
  return `(${(dataLength ?? 0) / (type.startsWith('n') ? 2 : 1)})`
}

/** Whether the values of a column can be as long as they like, so that the engine may have cut one. */
export const isLong = ({ type, dataLength }: DriverColumn): boolean =>
  dataLength === MAX || ['Text', 'NText', 'Image', 'Xml'].includes(type.name)

/** A value of the driver as JSON. */
export function toSqlValue(value: unknown, column: ResultColumn): SqlValue {
  if (value === null || value === undefined) return null
  if (Buffer.isBuffer(value)) return value.toString('base64')
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value
    case 'bigint':
      return String(value)
    case 'number':
      // A version of the driver that reads decimals in another place must not pass for one that reads them exactly.
      if (column.family === 'decimal') throw new Error('The driver gave an inexact number for an exact one.')
      return column.type === 'real' ? toShortest(value) : value
    default:
      throw new Error(`The driver gave ${Object.prototype.toString.call(value)} for a value of ${column.type}.`)
  }
}

/** The shortest number that is the same in 32 bits: 0.1 and not 0.10000000149011612. */
function toShortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
