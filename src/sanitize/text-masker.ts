import { MASK } from './mask-secrets.ts'
import type { Masker } from './masker.ts'

/** Masks a text that comes in pieces. */
export interface TextMasker {
  /** Takes the next piece; answers what can be shown by now. */
  push(piece: string): string
  /** Answers the rest. */
  end(): string
}

/** Characters that are held back: longer than the longest shape that ends. */
const HOLDBACK = 32_768
/** Characters before a place that a rule may look at. */
const CONTEXT = 512
/** What ends something secret that is longer than what is held back. */
const END_OF_SECRET = /[\s"'<>,;)}\]]/

/**
 * Makes a masker for one text in pieces: it shows what the whole text would show, also where a secret is spread over
 * several pieces. It holds back at most twice `holdback` characters and one piece; of what is secret for longer than that,
 * everything is dropped up to the next space, quote or bracket.
 */
export function createTextMasker(masker: Masker, holdback: number = HOLDBACK): TextMasker {
  return new HoldingMasker(masker, holdback)
}

class HoldingMasker implements TextMasker {
  readonly #masker: Masker
  readonly #holdback: number
  #context = ''
  #held = ''
  #isDropping = false

  constructor(masker: Masker, holdback: number) {
    this.#masker = masker
    this.#holdback = holdback
  }

  push(piece: string): string {
    this.#held += piece
    if (this.#isDropping) this.#drop()
    return this.#held.length < 2 * this.#holdback ? '' : this.#show(this.#held.length - this.#holdback)
  }

  end(): string {
    return this.#show(this.#held.length)
  }

  /** Shows what is held up to `cut`, or less where something to be masked lies across it. */
  #show(cut: number): string {
    const offset = this.#context.length
    const findings = this.#masker
      .find(this.#context + this.#held)
      .map(({ rule, start, end }) => ({ rule, start: start - offset, end: end - offset }))
      .filter(({ start }) => start >= 0 && start < cut)
    const last = findings.at(-1)
    if (last !== undefined && last.end > cut) {
      if (last.start === 0) return this.#startDropping(last.end)
      return this.#release(last.start, findings.slice(0, -1))
    }
    const isWithinPair = /^[\udc00-\udfff]/.test(this.#held.slice(cut, cut + 1))
    return this.#release(isWithinPair && last?.end !== cut ? cut - 1 : cut, findings)
  }

  #release(cut: number, findings: Parameters<Masker['apply']>[1]): string {
    const shown = this.#masker.apply(this.#held.slice(0, cut), findings)
    const before = this.#context + this.#held.slice(0, cut)
    const context = before.slice(-CONTEXT)
    // From the beginning of a word, so that its end is not taken for one.
    this.#context = context.length < before.length ? context.slice(context.search(/\s/) + 1) : before
    this.#held = this.#held.slice(cut)
    return shown
  }

  /** Where the secret ends is known, or it goes on with the next piece. */
  #startDropping(end: number): string {
    this.#isDropping = end === this.#held.length
    this.#context = ''
    this.#held = this.#held.slice(end)
    return MASK
  }

  #drop(): void {
    const end = this.#held.search(END_OF_SECRET)
    this.#held = end < 0 ? '' : this.#held.slice(end)
    this.#isDropping = end < 0
  }
}
