/** Characters of a value or a name that are shown. */
const MAX_SHOWN = 60

/** Characters that would move the cursor, colour the terminal or turn the direction of reading. */
const UNPRINTABLE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** The text without its quotes as a terminal may show it: cut, and with control characters written out. */
export function printableText(text: string): string {
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  const escaped = JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"')
  return escaped.replace(UNPRINTABLE, '?')
}
