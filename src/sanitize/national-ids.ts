import {
  isAmericanId,
  isBrazilianId,
  isDutchId,
  isFrenchId,
  isGermanId,
  isItalianId,
  isPolishId,
  isSpanishId,
} from './check-digits.ts'
import { findWords } from './find-words.ts'
import { patternRule, type Rule } from './rule.ts'

interface NationalId {
  readonly country: string
  readonly meaning: string
  /** Source, with the separators that people write. */
  readonly form: string
  readonly check: (id: string) => boolean
  /**
   * For numbers that one in ten order numbers could be: the word that has to stand before them, or in the name of the
   * property.
   */
  readonly near?: RegExp
  /** Length of a form that is one word of letters and digits: such words are looked for, which is quicker. */
  readonly wordLength?: number
}

const IDS: readonly NationalId[] = [
  {
    country: 'us',
    meaning: 'Social Security numbers of the United States, with their separators (they have no check digit)',
    form: '\\d{3}([ -])\\d{2}\\1\\d{4}',
    check: isAmericanId,
  },
  {
    country: 'es',
    meaning: 'DNI and NIE of Spain',
    form: '(?:\\d{8}|[XYZxyz][ -]?\\d{7})[ -]?[A-Za-z]',
    check: isSpanishId,
  },
  {
    country: 'fr',
    meaning: 'NIR of France',
    form: '[12] ?\\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\\d) ?(?:\\d{2}|2[ABab]) ?\\d{3} ?\\d{3} ?\\d{2}',
    check: isFrenchId,
  },
  {
    country: 'de',
    meaning: 'Steuer-ID of Germany, after a word that says so',
    form: '\\d{2} ?\\d{3} ?\\d{3} ?\\d{3}',
    check: isGermanId,
    near: /steuer|idnr|identifikationsnummer|tax|tin\b/i,
  },
  {
    country: 'it',
    meaning: 'Codice fiscale of Italy',
    form: '[A-Za-z]{6}[0-9LMNP-Vlmnp-v]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9LMNP-Vlmnp-v]{2}[A-Za-z][0-9LMNP-Vlmnp-v]{3}[A-Za-z]',
    check: isItalianId,
    wordLength: 16,
  },
  {
    country: 'nl',
    meaning: 'BSN of the Netherlands, after a word that says so',
    form: '\\d{4}[. ]?\\d{2}[. ]?\\d{3}',
    check: isDutchId,
    near: /bsn|burgerservice|sofi/i,
  },
  {
    country: 'pl',
    meaning: 'PESEL of Poland, after a word that says so',
    form: '\\d{11}',
    check: isPolishId,
    near: /pesel/i,
  },
  {
    country: 'uk',
    meaning: 'National Insurance numbers of the United Kingdom (they have no check digit)',
    form: '(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]',
    check: () => true,
  },
  {
    country: 'br',
    meaning: 'CPF of Brazil: with its marks, or after a word that says so',
    form: '\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}',
    check: isBrazilianId,
  },
  { country: 'br', meaning: '', form: '\\d{11}', check: isBrazilianId, near: /cpf/i },
]

/** How far before a number its word may stand. */
const NEAR = 40

/** National ids with their check digits, one rule each. */
export const NATIONAL_IDS: readonly Rule[] = IDS.map((id) => {
  const rule = toRule(id)
  return id.wordLength === undefined ? rule : withinWords(rule, id.wordLength)
})

function toRule({ country, meaning, form, check, near }: NationalId): Rule {
  return patternRule({
    id: `national-id-${country}`,
    meaning,
    hint: '\\d',
    pattern: new RegExp(`(?<![0-9A-Za-z_.+-])()${form.replaceAll('\\1', '\\2')}(?![0-9A-Za-z_]|[.-]\\d)`, 'g'),
    accepts: (match, name) => {
      const before = match.input.slice(Math.max(0, match.index - NEAR), match.index)
      if (near !== undefined && !near.test(name) && !near.test(before)) return false
      return check(match[0].replace(/[ .-]/g, '').toUpperCase())
    },
  })
}

/** What the form looks at around a word: one character before it, two behind it. */
const AROUND = 2

function withinWords(rule: Rule, length: number): Rule {
  return {
    ...rule,
    find(text, report, name) {
      findWords(text, length, (start) => {
        const from = Math.max(0, start - AROUND)
        const piece = text.slice(from, start + length + AROUND)
        rule.find(piece, (at, end, id) => report(from + at, from + end, id), name)
      })
    },
  }
}
