import type { Finding, Rule } from './rule.ts'

/** How often a rule fired. */
export interface Fired {
  readonly rule: string
  readonly count: number
}

/** Counts what fires while a result is looked through. */
export class Tally {
  readonly #counts = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  add(rule: string): void {
    this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1)
  }

  /** By rule, in the order they first fired. */
  list(): readonly Fired[] {
    return [...this.#counts].map(([rule, count]) => ({ rule, count }))
  }
}

/** All that the rules find, from left to right; where two overlap they are one, under the id of the first. */
export function findAll(rules: readonly Rule[], text: string, name: string): readonly Finding[] {
  const found: Finding[] = []
  for (const rule of rules) {
    rule.find(text, (start, end, id = rule.id) => end > start && found.push({ rule: id, start, end }), name)
  }
  return found.length < 2 ? found : withoutOverlap(found)
}

function withoutOverlap(found: readonly Finding[]): readonly Finding[] {
  const sorted = [...found].sort((a, b) => a.start - b.start)
  const merged: Finding[] = []
  for (const finding of sorted) {
    const last = merged.at(-1)
    if (last === undefined || finding.start >= last.end) merged.push(finding)
    else if (finding.end > last.end) merged[merged.length - 1] = { ...last, end: finding.end }
  }
  return merged
}

/** The text with each finding replaced. */
export function applyFindings(
  text: string,
  findings: readonly Finding[],
  replace: (rule: string, found: string, start: number) => string,
): string {
  const parts: string[] = []
  let at = 0
  for (const { rule, start, end } of findings) {
    parts.push(text.slice(at, start), replace(rule, text.slice(start, end), start))
    at = end
  }
  parts.push(text.slice(at))
  return parts.join('')
}
