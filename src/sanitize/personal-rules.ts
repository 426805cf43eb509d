import { IBAN_LENGTHS, isIban, passesLuhn } from './check-digits.ts'
import { NATIONAL_IDS } from './national-ids.ts'
import type { PersonalKind } from './personal-kind.ts'
import { patternRule, type Rule } from './rule.ts'

/** The rules by kind. Every number that has check digits is held against them. */
export const PERSONAL_RULES: Readonly<Record<PersonalKind, readonly Rule[]>> = {
  email: [
    {
      id: 'email',
      meaning: 'E-mail addresses, international ones too',
      hint: '@',
      find: findEmails,
    },
  ],
  phone: [
    patternRule({
      id: 'phone',
      meaning: 'Phone numbers with `+` or `00` and a country code, and of North America in their usual form',
      hint: '\\d',
      pattern: /(?<![\w.+-])(?:\+[1-9]|00[1-9]\d{0,2}[ ./-])(?:[ ./()-]{0,3}\d){6,14}(?!\d)/g,
      accepts: ([whole]) => isPhone(whole),
    }),
    patternRule({
      id: 'phone',
      meaning: 'Phone numbers with `+` or `00` and a country code, and of North America in their usual form',
      hint: '\\d',
      pattern: /(?<![\w.+-])(?:\([2-9]\d\d\) ?|[2-9]\d\d[.-])[2-9]\d\d[.-]\d{4}(?![\w-])/g,
    }),
    patternRule({
      id: 'phone',
      meaning: 'Numbers after `tel`, `phone`, `mobile`, `fax` and their like',
      hint: '\\d',
      pattern:
        /((?:tel(?:ephone|efono|éfono|efon|efax)?|mobile?|m[oó]vil|phone|cell|fax|handy)(?:[_-]?(?:number|no|nr))?\.?"?\s{0,3}[:=]?\s{0,3}"?)\(?0?[1-9](?:[ ./()-]{0,3}\d){5,13}(?![\d.]\d)/gi,
      accepts: ([whole, kept = '']) => isPhone(whole.slice(kept.length)),
    }),
  ],
  card: [
    patternRule({
      id: 'card',
      meaning: 'Numbers of payment cards (issuer, length and Luhn)',
      hint: '\\d{4}',
      pattern:
        /(?<![\w.+-])[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\w]|[.-]\d)|(?<![\w.+-])3\d{3}([ -]?)\d{6}\1\d{4,5}(?![\w]|[.-]\d)/g,
      accepts: ([whole]) => isCard(whole.replace(/[ -]/g, '')),
    }),
  ],
  iban: [
    { id: 'iban', meaning: 'IBANs (length of the country and mod 97)', hint: '[A-Za-z]{2}\\d{2}', find: findIbans },
  ],
  'national-id': NATIONAL_IDS,
}

const MAIL_DOMAIN = /@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}_-])/gu
const FILE = /\.(?:png|jpe?g|gif|webp|svg|avif|ico|css|js|mjs|ts|map)$/i
const MAIL_NAME = /[^\s@"'`<>()[\]{},;:\\/=|]/

/** From each `@` with a domain back over the name before it. */
function findEmails(text: string, report: (start: number, end: number) => void): void {
  MAIL_DOMAIN.lastIndex = 0
  for (let match = MAIL_DOMAIN.exec(text); match !== null; match = MAIL_DOMAIN.exec(text)) {
    let start = match.index
    while (start > 0 && match.index - start < 64 && MAIL_NAME.test(text[start - 1] ?? '')) start -= 1
    if (start < match.index && !FILE.test(match[0])) report(start, MAIL_DOMAIN.lastIndex)
  }
}

/** E.164 has at most 15 digits. */
function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '').replace(/^00/, '')
  return digits.length >= 7 && digits.length <= 15
}

/** ISO/IEC 7812: American Express, Diners, JCB, Visa, Mastercard, Discover, UnionPay, Maestro. */
function isCard(digits: string): boolean {
  const isIssued =
    /^(?:3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35\d{14}|4\d{12}(?:\d{3}){0,2}|5[0-9]\d{14}|2[2-7]\d{14}|6\d{15,18})$/.test(
      digits,
    )
  return isIssued && !/^(\d)\1+$/.test(digits) && passesLuhn(digits)
}

const IBAN_START = /(?<![0-9A-Za-z])[A-Za-z]{2}\d{2}(?=[ -]?[0-9A-Za-z]{4})/g

/** An IBAN may begin at two letters and two digits. */
function findIbans(text: string, report: (start: number, end: number) => void): void {
  IBAN_START.lastIndex = 0
  for (let match = IBAN_START.exec(text); match !== null; match = IBAN_START.exec(text)) {
    const { read, end } = readIban(text, match.index)
    if (LETTER_OR_DIGIT.test(text[end] ?? '') || !isIban(read.toUpperCase())) continue
    report(match.index, end)
    IBAN_START.lastIndex = end
  }
}

const LETTER_OR_DIGIT = /[0-9A-Za-z]/

/** As many letters and digits as the country's IBANs have, over single spaces. */
function readIban(text: string, from: number): { readonly read: string; readonly end: number } {
  const length = IBAN_LENGTHS[text.slice(from, from + 2).toUpperCase()] ?? 0
  let read = ''
  let end = from
  while (read.length < length) {
    const isGap = text[end] === ' ' || text[end] === '-'
    const next = text[isGap ? end + 1 : end] ?? ''
    if (!LETTER_OR_DIGIT.test(next)) break
    read += next
    end += isGap ? 2 : 1
  }
  return { read, end }
}
