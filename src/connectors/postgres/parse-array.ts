import type { SqlValue } from '../sql/database.ts'

/** An array out of the server's text, `{1,NULL,{"a"}}`, with or without bounds before it. */
export function parseArray(text: string, delimiter: string, parse: (part: string | null) => SqlValue): SqlValue {
  const stack: SqlValue[][] = []
  let whole: SqlValue = text
  // Bounds that do not start at 1 are written before the value: `[0:2]={…}`.
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  while (at < text.length) {
    const character = text[at]
    if (character === '{') {
      const inner: SqlValue[] = []
      stack.at(-1)?.push(inner)
      stack.push(inner)
      at++
    } else if (character === '}') {
      whole = stack.pop() ?? text
      at++
    } else if (character === delimiter) at++
    else {
      const { part, end } = readPart(text, at, delimiter)
      stack.at(-1)?.push(parse(part))
      at = end
    }
  }
  return whole
}

function readPart(text: string, start: number, delimiter: string): { part: string | null; end: number } {
  if (text[start] !== '"') {
    let end = start
    while (end < text.length && text[end] !== delimiter && text[end] !== '}') end += text[end] === '\\' ? 2 : 1
    const plain = text.slice(start, end)
    return { part: plain === 'NULL' ? null : unescapePart(plain), end }
  }
  let end = start + 1
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return { part: unescapePart(text.slice(start + 1, end)), end: end + 1 }
}

function unescapePart(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.)/gs, '$1') : text
}
