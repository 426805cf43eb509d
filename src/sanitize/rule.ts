/** A stretch of a text that a rule found, to be replaced: from `start` up to but not including `end`. */
export interface Finding {
  readonly rule: string
  readonly start: number
  readonly end: number
}

/** Where findings go. */
export type Report = (start: number, end: number, rule?: string) => void

/** Finds one kind of secret or of personal data. */
export interface Rule {
  /** Stable; stands in records and in the reference. */
  readonly id: string
  /** What it finds, for the reference. */
  readonly meaning: string
  /**
   * Source of a regular expression that every text with a finding matches: one look at it spares short texts the rest.
   */
  readonly hint: string
  /** Reports what it finds, from left to right. `name` is the property that holds the text. Linear in the text. */
  find(text: string, report: Report, name: string): void
}

/** A rule made of a regular expression. */
export interface Pattern {
  readonly id: string
  readonly meaning: string
  readonly hint: string
  /** Global. Group 1, where there is one, is kept; the rest of the match is what was found. */
  readonly pattern: RegExp
  /** Whether the match is what it looks like. A refused one is looked into again from the end of group 1. */
  readonly accepts?: (match: RegExpExecArray, name: string) => boolean
  /** Sticky: what belongs to an accepted match behind it. */
  readonly tail?: RegExp
}

/**
 * Makes a rule of a pattern. The pattern has to be linear: no repetition within a repetition that can match the same, and a
 * bound on each that could start at every character.
 */
export function patternRule({ pattern, accepts, tail, ...about }: Pattern): Rule {
  return {
    ...about,
    find(text, report, name) {
      pattern.lastIndex = 0
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        const start = match.index + (match[1]?.length ?? 0)
        if (accepts?.(match, name) === false) {
          pattern.lastIndex = Math.max(start, match.index + 1)
          continue
        }
        const end = tail === undefined ? pattern.lastIndex : endOf(tail, text, pattern.lastIndex)
        pattern.lastIndex = end
        report(start, end)
      }
    },
  }
}

function endOf(tail: RegExp, text: string, from: number): number {
  tail.lastIndex = from
  return tail.test(text) ? tail.lastIndex : from
}
