import { patternRule, type Rule } from './rule.ts'

const NAME =
  '(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|client[_-]?secret|credential|signature|pepper|cookie)'
const SECRET_NAME = new RegExp(`${NAME}s?$|^authorization$`, 'i')

/** Whether a property of this name usually holds a secret, so that its value is not for the log whatever it looks like. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Up to this many characters are looked at to tell a secret from a word. */
const LOOKED_AT = 128
const UNQUOTED = `[^\\s,;&"'(){}\\\\<>]`
const ASSIGNMENT = `(${NAME}s?\\\\{0,3}["']?\\s{0,4}(?:[=:]|%3[ADad])\\s{0,4})`

/** In the log: whatever stands after `password=`, `token:` and the like, since nobody needs it there. */
export const anyAssignment: Rule = patternRule({
  id: 'assignment',
  meaning: 'What stands after `password=`, `token:` and the like',
  hint: NAME,
  pattern: new RegExp(
    `${ASSIGNMENT}(?:\\\\{1,3}["'][^"'\\\\\\n]*|"(?:[^"\\\\\\n]|\\\\.)*"?|'(?:[^'\\\\\\n]|\\\\.)*'?|[^\\s,;&"'(){}]+)`,
    'gi',
  ),
})

/**
 * In results: the same, where the value is not plainly a word, a number, a type, a call or a reference. Data and source code
 * are full of those.
 */
export const likelyAssignment: Rule = patternRule({
  id: 'assignment',
  meaning:
    'What stands after `password=`, `"api_key":` and the like, where it is no plain word, number, call or reference',
  hint: NAME,
  pattern: new RegExp(`${withKept(ASSIGNMENT)}${UNQUOTED}{1,${LOOKED_AT}}`, 'gi'),
  accepts: ({ input, index, 0: whole, 1: kept = '' }) => {
    if (input[index + whole.length] === '(') return false
    return isSecretAssigned(input.slice(Math.max(0, index - 16), index) + kept, whole.slice(kept.length))
  },
  tail: new RegExp(`${UNQUOTED}*`, 'y'),
})

/** An opening quote, escaped or not, is kept as well. */
function withKept(assignment: string): string {
  return `${assignment.slice(0, -1)}\\\\{0,3}["']?)`
}

/** Names that are no secret though they end like one: they lead to the next page or count words. */
const HARMLESS =
  /(?:page|next|prev|previous|continuation|cursor|sync|resume|skip|delta|start|end|max|total|input|output)[_-]?tokens?$/i
const STRICT =
  /(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|credential|(?:amz|goog)-signature)s?$/i

/** Whether a value under this name is to be taken for a secret in a result. */
export function isSecretAssigned(name: string, value: string): boolean {
  // The value first: it refuses most, at once.
  if (!looksAssigned(value.slice(0, LOOKED_AT))) return false
  const bare = name.replace(/(?:[\\"'\s=:]|%3[AD])+$/i, '')
  return STRICT.test(bare) && !HARMLESS.test(bare)
}

/** Six characters or more, without spaces, letters with digits or marks among them. */
function looksAssigned(value: string): boolean {
  if (value.length < 6 || !(hasMark(value) || isMixed(value)) || /\s/.test(value)) return false
  return /[A-Za-z]/.test(value) && !ORDINARY.some((pattern) => pattern.test(value))
}

function hasMark(value: string): boolean {
  return /[0-9!@#%^&*+~]/.test(value)
}

function isMixed(value: string): boolean {
  return value.length >= 16 && /[a-z][A-Z].*[a-z][A-Z]/.test(value) && !/[:.]/.test(value)
}

/** What stands for a secret in a manual, what refers to one in source code, names of algorithms and versions, times. */
const ORDINARY: readonly RegExp[] = [
  /^[$<{%[*.#/]|^(?:x+|\*+|•+)$|\.\.\.|…|^\[?masked/i,
  /^(?:[A-Za-z_$][\w$]*[.?!]+)+[A-Za-z_$][\w$]*(?:\[\w*\]?)?[)\]}!]*$/,
  /^(?:sha|md|aes|hs|rs|es|ps|utf|base|oauth|http|v)[-_]?\d+[-_a-z\d]{0,8}$/i,
  /^\d{4}-\d\d-\d\dT/,
]
