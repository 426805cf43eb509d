import type { Rule } from './rule.ts'
import { valueForms } from './value-forms.ts'

/** The shortest value that can be looked for: shorter ones stand in ordinary text. */
export const MIN_VALUE_LENGTH = 8

/** The longest: a private key in PEM has some 3,000 characters. */
export const MAX_VALUE_LENGTH = 8192

/** Finds configured values in all their forms. `id` of what it finds: `value`. */
export function valueRule(values: readonly string[]): Rule {
  const search = new LiteralSearch(values.flatMap(valueForms))
  return {
    id: 'value',
    meaning: 'Values of `sanitize.values`, as they are and encoded',
    // Nothing is known of the values that a look could spare.
    hint: '',
    find(text, report) {
      search.findAll(text, report)
    },
  }
}

/** Characters of a literal that are looked for; the rest is compared where they are found. */
const WINDOW = MIN_VALUE_LENGTH

/**
 * Looks for many literals at once (Wu and Manber, 1994): most steps skip several characters, whatever the number of
 * literals. Linear in the text for literals that differ in their first eight characters.
 */
class LiteralSearch {
  readonly #skips = new Uint8Array(0x10000).fill(WINDOW - 1)
  readonly #byPair = new Map<number, string[]>()

  constructor(literals: readonly string[]) {
    for (const literal of literals) {
      for (let at = 1; at < WINDOW; at += 1) {
        const pair = pairAt(literal, at)
        this.#skips[pair] = Math.min(this.#skips[pair] ?? 0, WINDOW - 1 - at)
      }
      const last = pairAt(literal, WINDOW - 1)
      this.#byPair.set(
        last,
        [...(this.#byPair.get(last) ?? []), literal].sort((a, b) => b.length - a.length),
      )
    }
  }

  findAll(text: string, report: (start: number, end: number) => void): void {
    for (let at = WINDOW - 1; at < text.length; ) {
      const pair = pairAt(text, at)
      const skip = this.#skips[pair] ?? 1
      if (skip > 0) {
        at += skip
        continue
      }
      const start = at - WINDOW + 1
      const found = this.#byPair.get(pair)?.find((literal) => text.startsWith(literal, start))
      if (found !== undefined) report(start, start + found.length)
      at += found === undefined ? 1 : found.length
    }
  }
}

/** Two characters as a number of 16 bits; different pairs may share one. */
function pairAt(text: string, at: number): number {
  return (text.charCodeAt(at - 1) * 251 + text.charCodeAt(at)) & 0xffff
}
