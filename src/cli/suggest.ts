import { nearestSpelling } from '../nearest-spelling.ts'

/** `Did you mean x?`, or `otherwise` when no candidate is near what was typed. */
export function suggest(typed: string, candidates: readonly string[], otherwise: string): string {
  const candidate = nearestSpelling(typed, candidates)
  return candidate === undefined ? otherwise : `Did you mean \`${candidate}\`?`
}
