/** Luhn (ISO/IEC 7812-1): the digits of a payment card. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at])
    const doubled = at % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** The remainder of a decimal number of any length. */
function remainder(digits: string, divisor: number): number {
  let rest = 0
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % divisor
  return rest
}

/** ISO 13616: an IBAN without spaces, in capitals; its length is that of its country. */
export function isIban(iban: string): boolean {
  if (IBAN_LENGTHS[iban.slice(0, 2)] !== iban.length) return false
  const turned = iban.slice(4) + iban.slice(0, 4)
  return (
    remainder(
      turned.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55)),
      97,
    ) === 1
  )
}

/** Length of an IBAN by country (SWIFT IBAN registry). */
export const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'NO15 BE16 BI27 DK18 FI18 FO18 GL18 NL18 SD18 FK18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 MN20 CH21 HR21 LI21 LV21',
    'BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 TL23 OM23 SO23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24',
    'SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28 BY28 CY28 DO28 GT28 HU28 LB28',
    'NI28 PL28 SV28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 YE30 MT31 SC31 LC32 RU33',
  ]
    .join(' ')
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

/** ES: the letter of a DNI, or of a NIE with X, Y or Z before it. */
export function isSpanishId(id: string): boolean {
  const digits = id.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[remainder(digits, 23)] === id.at(-1)
}

/** FR: the key of a NIR; Corsica counts as 19 and 18. */
export function isFrenchId(id: string): boolean {
  const digits = id.replace('2A', '19').replace('2B', '18')
  return 97 - remainder(digits.slice(0, -2), 97) === Number(digits.slice(-2))
}

/** DE: ISO 7064 mod 11,10, and of the first ten digits one stands there twice or three times and every other once or never. */
export function isGermanId(id: string): boolean {
  const counts = [...'0123456789'].map((digit) => id.slice(0, 10).split(digit).length - 1)
  const repeated = counts.filter((count) => count > 1)
  if (id.startsWith('0') || repeated.length !== 1 || (repeated[0] ?? 0) > 3) return false
  let product = 10
  for (const digit of id.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10
    product = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (11 - product) % 10 === Number(id[10])
}

/** IT: the check letter of a codice fiscale. */
export function isItalianId(id: string): boolean {
  let sum = 0
  for (let at = 0; at < 15; at += 1) {
    const place = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'.indexOf(id[at] ?? '')
    const value = place < 10 ? place : place - 10
    sum += at % 2 === 1 ? value : (ITALIAN_ODD[value] ?? 0)
  }
  return String.fromCharCode(65 + (sum % 26)) === id[15]
}

const ITALIAN_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

/** NL: the eleven test of a BSN. */
export function isDutchId(id: string): boolean {
  return weighted(id, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && /[1-9]/.test(id)
}

/** PL: the last digit of a PESEL, and a date of birth that may be (the month tells the century). */
export function isPolishId(id: string): boolean {
  const month = Number(id.slice(2, 4)) % 20
  const day = Number(id.slice(4, 6))
  if (month < 1 || month > 12 || day < 1 || day > 31) return false
  return weighted(id, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
}

/** BR: both check digits of a CPF; eleven times the same digit is none. */
export function isBrazilianId(id: string): boolean {
  if (/^(\d)\1{10}$/.test(id)) return false
  return [9, 10].every((length) => {
    const weights = Array.from({ length }, (_, at) => length + 1 - at)
    return ((weighted(id, weights) * 10) % 11) % 10 === Number(id[length])
  })
}

/** US: no SSN has an area of 000, 666 or 9xx, a group of 00 or a serial of 0000. It has no check digit. */
export function isAmericanId(id: string): boolean {
  return !/^(?:000|666|9)|^.{3}00|0000$/.test(id)
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0)
}
