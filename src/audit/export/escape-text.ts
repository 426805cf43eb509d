/**
 * What ends a line, moves a cursor, turns text around or cannot be written in UTF-8: C0, DEL and C1, zero-width and
 * bidirectional marks, line and paragraph separators, the byte order mark, halves of a surrogate pair. And a backslash
 * that would be read as the beginning of an escape.
 */
const ESCAPED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not get through
  /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\\(?=u[0-9a-f]{4})/g

/** The text on one line, as it would be looked at: what could pass for something else stands as `\u000a`. */
export function escapeText(text: string): string {
  return text.replace(ESCAPED, toEscape)
}

/** The text that `escapeText` was given. */
export function unescapeText(escaped: string): string {
  return escaped.replace(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
