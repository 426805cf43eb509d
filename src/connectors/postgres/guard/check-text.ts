import { Refusal } from './refusal.ts'
import type { SqlParser, SqlToken } from './sql-parser.ts'

/** What is checked before a statement is parsed, and its tokens. */
export interface CheckedText {
  /** UTF-8, which the parser's positions count in. */
  readonly bytes: Buffer
  /** Without comments. */
  readonly tokens: readonly SqlToken[]
}

/**
 * Refuses text that the parser must not be given. A tree deeper than the parser's stack breaks its memory for good, for
 * every caller after this one; so depth is bounded by counting tokens, as the server's own lexer makes them.
 */
export function checkText(sql: string, parser: SqlParser, maxBytes: number): CheckedText {
  if (sql.length > maxBytes) throw tooLong(maxBytes)
  const bytes = Buffer.from(sql, 'utf8')
  if (bytes.length > maxBytes) throw tooLong(maxBytes)
  if (/\p{Surrogate}/u.test(sql)) {
    throw new Refusal('The statement has half of a surrogate pair, which is no character. Send valid Unicode text.')
  }
  const control = sql.search(CONTROL_CHARACTERS)
  if (control !== -1) {
    throw new Refusal(
      "The statement has a control character. Write it as an escape, such as E'\\x01', or leave it out.",
      { byte: Buffer.byteLength(sql.slice(0, control)) },
    )
  }
  const run = sql.search(LONG_RUN)
  if (run !== -1) {
    const byte = Buffer.byteLength(sql.slice(0, run))
    throw new Refusal(
      'The statement has more than 256 signs of operators in a row. Put spaces or words between them.',
      { byte },
    )
  }
  return { bytes, tokens: readTokens(sql, parser) }
}

function tooLong(maxBytes: number): Refusal {
  return new Refusal(`The statement is longer than ${maxBytes} bytes. Ask for less at a time, in several statements.`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u000c\u000e-\u001f\u007f]/

/**
 * The lexer reads such a run whole and gives back all but its first operator or comment mark, again and again: 80,000 of
 * them take it 40 s. It stands in texts and comments too, where a run of that length is no loss.
 */
const LONG_RUN = /[~!@#^&|`?+\-*/%<>=]{257}/

/** Brackets within brackets. Nobody's analysis needs a quarter of it. */
const MAX_BRACKETS = 100

/** Tokens that can make a tree deeper. 8,000 of them overflow the parser's stack, measured with a shallow caller. */
const MAX_NESTING_TOKENS = 2_500

const MAX_TOKENS = 25_000

const OPENING: ReadonlySet<string> = new Set(['(', '['])
const CLOSING: ReadonlySet<string> = new Set([')', ']'])
const FLAT: ReadonlySet<string> = new Set(['IDENT', 'SCONST', 'ICONST', 'FCONST', 'BCONST', 'XCONST'])
const FLAT_TEXT: ReadonlySet<string> = new Set([',', '.', '(', ')', ';', '-', '+'])

function readTokens(sql: string, parser: SqlParser): readonly SqlToken[] {
  const tokens = parser.scan(sql).filter(({ text }) => !text.startsWith('--') && !text.startsWith('/*'))
  if (tokens.length > MAX_TOKENS) {
    throw new Refusal(`The statement has more than ${MAX_TOKENS} words and signs. Ask for less at a time.`)
  }
  let open = 0
  let nesting = 0
  for (const [index, { text, tokenName, start }] of tokens.entries()) {
    if (OPENING.has(text)) open++
    if (CLOSING.has(text)) open--
    if (!FLAT.has(tokenName) && !(FLAT_TEXT.has(text) && isFlat(text, tokens[index - 1]))) nesting++
    if (open > MAX_BRACKETS || nesting > MAX_NESTING_TOKENS) {
      throw new Refusal(
        'The statement is nested too deeply. Split it into common table expressions (WITH) or several.',
        {
          byte: start,
        },
      )
    }
  }
  return tokens
}

/** A sign before the number of a list, `(1, -2)`, nests nothing; any other `-` may. */
function isFlat(text: string, before: SqlToken | undefined): boolean {
  return (text !== '-' && text !== '+') || before?.text === ',' || before?.text === '('
}
