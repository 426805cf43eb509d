/** Code units that are ASCII letters or digits. */
const IS_WORD = new Uint8Array(128)
for (const character of '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz') {
  IS_WORD[character.charCodeAt(0)] = 1
}

function isWordAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit < 128 && IS_WORD[unit] === 1
}

/**
 * Calls back with the start of each run of exactly `length` ASCII letters and digits, from left to right. Looks at the last place
 * that such a run would have first, so most of a text is stepped over; a regular expression would try at every character. Linear:
 * what was looked at once backwards is known to be letters and digits the next time.
 */
export function findWords(text: string, length: number, found: (start: number) => void): void {
  let start = 0
  while (start + length <= text.length) {
    let gap = start + length - 1
    while (gap >= start && isWordAt(text, gap)) gap -= 1
    if (gap >= start) {
      start = gap + 1
      continue
    }
    let end = start + length
    while (isWordAt(text, end)) end += 1
    if (end - start === length) found(start)
    start = end + 1
  }
}
