import { Buffer } from 'node:buffer'

/** Bytes of quotes, colons and commas beside what they enclose; of a number, the longest common one. */
const FRAME = 3
const SCALAR = 8

/**
 * Whether a value is longer than so many bytes, about as JSON in UTF-8. Nothing is written: it is looked through until the
 * limit is passed, so a value of any size, or one that holds itself, costs no more than the limit. Escapes do not count.
 */
export function exceeds(value: unknown, maxBytes: number): boolean {
  let bytes = 0
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next === 'string') bytes += lengthOf(next, maxBytes) + FRAME
    else if (typeof next !== 'object' || next === null) bytes += SCALAR
    else if (next instanceof Date || ArrayBuffer.isView(next)) bytes += SCALAR
    else bytes += expand(next, rest, maxBytes)
    if (bytes > maxBytes) return true
  }
  return false
}

/** Adds what is in a list or object to the rest; answers the bytes of its keys. A list longer than the limit exceeds it. */
function expand(container: object, rest: unknown[], maxBytes: number): number {
  if (Array.isArray(container)) {
    if (container.length > maxBytes) return container.length
    for (let index = 0; index < container.length; index += 1) rest.push(container[index])
    return FRAME
  }
  let bytes = FRAME
  for (const key in container) {
    bytes += key.length + FRAME
    rest.push((container as Record<string, unknown>)[key])
  }
  return bytes
}

/** In UTF-8 a character is as long as in the string or longer, up to three times. */
function lengthOf(text: string, maxBytes: number): number {
  if (text.length > maxBytes) return text.length
  return text.length * 3 <= 256 ? text.length : Buffer.byteLength(text)
}
