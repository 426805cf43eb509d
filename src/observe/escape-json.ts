/**
 * Characters that JSON lets through but that end a line, move a cursor or turn text around when somebody looks at it:
 * DEL and C1, zero-width and bidirectional marks, line and paragraph separators, the byte order mark.
 */
const TREACHEROUS = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/
const EVERY = new RegExp(TREACHEROUS, 'g')

/** The same JSON on one line of plain text: what it says is unchanged, and nothing in it can pass for something else. */
export function escapeJson(json: string): string {
  return TREACHEROUS.test(json) ? json.replace(EVERY, toEscape) : json
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
