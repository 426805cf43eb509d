import type { Request } from 'tedious'
import type { SqlParameter } from '../sql/dialect.ts'
import type { Tedious } from './load-tedious.ts'

const INT_MAX = 2_147_483_647
const BIGINT_MAX = 2n ** 63n - 1n
const SHORT_TEXT = 4000
const SHORT_BINARY = 8000

/**
 * Binds values as `@p1`, `@p2` and so on. Exact values (decimals, dates) come as text, and the placeholder of the dialect
 * casts them in the engine: the driver's own encoding of decimals and dates goes through JavaScript numbers. Few lengths
 * are declared, so that the engine keeps one plan and not one for each length.
 */
export function bindParameters(request: Request, parameters: readonly SqlParameter[], { TYPES }: Tedious): void {
  for (const [index, value] of parameters.entries()) bindOne(request, `p${index + 1}`, value, TYPES)
}

function bindOne(request: Request, name: string, value: SqlParameter, types: Tedious['TYPES']): void {
  if (value === null) request.addParameter(name, types.NVarChar, null)
  else if (typeof value === 'boolean') request.addParameter(name, types.Bit, value)
  else if (typeof value === 'number') bindNumber(request, name, value, types)
  else if (typeof value === 'bigint') bindBigint(request, name, value, types)
  else if (value instanceof Uint8Array) {
    const length = Math.max(value.length, SHORT_BINARY)
    request.addParameter(name, types.VarBinary, Buffer.from(value), { length })
  } else bindText(request, name, typeof value === 'string' ? value : toJson(value), types)
}

function bindNumber(request: Request, name: string, value: number, types: Tedious['TYPES']): void {
  if (!Number.isSafeInteger(value)) request.addParameter(name, types.Float, value)
  else request.addParameter(name, Math.abs(value) <= INT_MAX ? types.Int : types.BigInt, value)
}

/** What no `bigint` can hold goes as text, which the engine turns into a number where one is needed. */
function bindBigint(request: Request, name: string, value: bigint, types: Tedious['TYPES']): void {
  if (value >= -BIGINT_MAX && value <= BIGINT_MAX) request.addParameter(name, types.BigInt, value)
  else bindText(request, name, String(value), types)
}

function bindText(request: Request, name: string, text: string, types: Tedious['TYPES']): void {
  const length = Math.max(text.length, SHORT_TEXT)
  request.addParameter(name, types.NVarChar, text, { length })
}

/** A list is a JSON array, for `OPENJSON`: the engine has no parameters that are lists. */
function toJson(values: readonly SqlParameter[]): string {
  return JSON.stringify(values, (_name, value) => (typeof value === 'bigint' ? String(value) : value))
}
