import { applyFindings, findAll, type Tally } from './apply-findings.ts'
import { isSecretAssigned } from './assignments.ts'
import { MASK } from './mask-secrets.ts'
import type { Finding, Rule } from './rule.ts'

/** What is written in the place of what a rule found. */
export type Replace = (rule: string, found: string) => string

/** What a masker is made of. */
export interface MaskerParts {
  readonly rules: readonly Rule[]
  /** Whether a text is masked because of the name of its property. */
  readonly masksNamed: boolean
  readonly replace: Replace
}

/** Nothing shorter is anything. */
const MIN_LENGTH = 6
/** Longer texts are looked through at once: one look more would cost more than it spares. */
const MAX_GLANCED = 1024
/** Property names that are remembered; callers do not choose them, but data may. */
const MAX_NAMES = 4096
const MAX_NAME = 128

/** Masks texts by rules. Linear in the text. */
export class Masker {
  readonly #always: readonly Rule[]
  readonly #glanced: readonly Rule[]
  readonly #all: readonly Rule[]
  readonly #hint: RegExp
  readonly #parts: MaskerParts
  readonly #plainNames = new Set<string>()

  constructor(parts: MaskerParts) {
    this.#parts = parts
    this.#all = parts.rules
    this.#always = parts.rules.filter(({ hint }) => hint === '')
    this.#glanced = parts.rules.filter(({ hint }) => hint !== '')
    this.#hint = new RegExp([...new Set(this.#glanced.map(({ hint }) => hint))].join('|'), 'i')
  }

  /** Whether there is nothing that it masks. */
  get isIdle(): boolean {
    return this.#all.length === 0
  }

  /** The text without what the rules find in it. `name` is the property that holds it, if any. */
  mask(text: string, tally: Tally, name = ''): string {
    if (text.length < MIN_LENGTH) return text
    if (name !== '' && !this.#plainNames.has(name) && this.#parts.masksNamed && isSecretAssigned(name, text)) {
      tally.add('assignment')
      return MASK
    }
    const findings = this.find(text, name)
    if (findings.length === 0) return text
    for (const { rule } of findings) tally.add(rule)
    return this.apply(text, findings)
  }

  /** The name of a property without what the rules find in it. */
  maskName(name: string, tally: Tally): string {
    if (this.#plainNames.has(name)) return name
    const masked = this.mask(name, tally)
    if (
      masked === name &&
      name.length <= MAX_NAME &&
      this.#plainNames.size < MAX_NAMES &&
      !isSecretAssigned(name, TRIAL)
    ) {
      this.#plainNames.add(name)
    }
    return masked
  }

  /** What the rules find, from left to right, without overlap. */
  find(text: string, name = ''): readonly Finding[] {
    const isWorthIt = text.length > MAX_GLANCED || this.#hint.test(text)
    const rules = isWorthIt ? this.#all : this.#always
    return rules.length === 0 ? [] : findAll(rules, text, name)
  }

  /** The text with the findings replaced. */
  apply(text: string, findings: readonly Finding[]): string {
    const { replace } = this.#parts
    return applyFindings(text, findings, (rule, found, start) => {
      const replaced = replace(rule, found)
      return isBareNumber(text, start, found) ? JSON.stringify(replaced) : replaced
    })
  }
}

/** A value that every secret name would have masked. */
const TRIAL = 'aB3$aB3$aB3$'

/** A number in JSON gets quotes, so that the JSON stays JSON. */
function isBareNumber(text: string, start: number, found: string): boolean {
  if (!/^\d+$/.test(found)) return false
  return /(?<!\\)"\s{0,4}:\s{0,4}$/.test(text.slice(Math.max(0, start - 12), start))
}
