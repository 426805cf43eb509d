import type { CheckedText } from './check-text.ts'
import { Refusal } from './refusal.ts'
import type { SqlToken } from './sql-parser.ts'

/** A run of tokens: its bytes, and the indices of its first token and of the one after its last. */
export interface TokenRun {
  readonly start: number
  readonly end: number
  readonly first: number
  readonly after: number
}

/** The tokens of a name that begins at a byte and has so many parts: `a`, `a.b`, `U&"d!0061" UESCAPE '!'`. */
export function nameTokens({ tokens }: CheckedText, byte: number, parts: number): TokenRun {
  const first = findToken(tokens, byte)
  let after = first
  for (let part = 0; part < parts; part++) {
    if (part > 0 && tokens[after++]?.text !== '.') throw unreadable(byte)
    after += isEscapedName(tokens[after]) && tokens[after + 1]?.text.toLowerCase() === 'uescape' ? 3 : 1
  }
  const last = tokens[after - 1]
  if (last === undefined) throw unreadable(byte)
  return { start: byte, end: last.end, first, after }
}

function isEscapedName(token: SqlToken | undefined): boolean {
  return token !== undefined && /^u&"/i.test(token.text)
}

/** Tokens are in order, so halving finds the one that starts at the byte. */
function findToken(tokens: CheckedText['tokens'], byte: number): number {
  let low = 0
  let high = tokens.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tokens[middle]?.start ?? 0) < byte) low = middle + 1
    else high = middle
  }
  if (tokens[low]?.start !== byte) throw unreadable(byte)
  return low
}

function unreadable(byte: number): Refusal {
  return new Refusal('The name could not be read. Write it plainly, such as schema.table.', { byte })
}
