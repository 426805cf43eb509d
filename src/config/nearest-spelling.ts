/** The candidate that the word most likely was meant to be, or undefined when none is near enough. */
export function nearestSpelling(word: string, candidates: readonly string[]): string | undefined {
  const folded = fold(word)
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const target = fold(candidate)
    const distance = editDistance(folded, target)
    const allowed = Math.max(1, Math.floor(Math.max(folded.length, target.length) / 3))
    if (distance <= allowed && distance < target.length && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { candidate, distance }
    }
  }
  return best?.candidate
}

/** Longer words are no misspelling of an option; the cost of comparing grows with the square. */
const MAX_LENGTH = 64

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '')
}

/** Levenshtein distance: insertions, deletions and replacements that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  if (from.length > MAX_LENGTH || to.length > MAX_LENGTH) return Number.POSITIVE_INFINITY
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
