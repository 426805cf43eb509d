import type { SqlValue } from '../sql/database.ts'

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** Up to 15 digits without an exponent are exact; this finds all others, and harmless ones besides. */
const MAY_BE_INEXACT = /[\d.]{16}|\d[eE]/

/** JSON as a value. Numbers that a double cannot hold exactly become strings; what is nested too deep stays text. */
export function parseJson(text: string): SqlValue {
  try {
    return JSON.parse(MAY_BE_INEXACT.test(text) ? keepNumbers(text) : text) as SqlValue
  } catch {
    return text
  }
}

function keepNumbers(text: string): string {
  return text.replaceAll(TOKEN, (token) => (token.startsWith('"') || isExact(token) ? token : `"${token}"`))
}

/** Whether a double, written again, is the same number. */
function isExact(token: string): boolean {
  const number = Number(token)
  return Number.isFinite(number) && digitsOf(token) === digitsOf(String(number))
}

/** Significant digits and the power of ten, in one form for `1.50e3` and `1500`. */
function digitsOf(token: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  if (digits === '') return '0'
  const significant = digits.replace(/0+$/, '')
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
