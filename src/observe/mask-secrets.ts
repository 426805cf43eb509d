/** Stands where a secret stood. */
export const MASK = '[masked]'

interface Shape {
  readonly pattern: RegExp
  readonly replacement: string
}

const NAME =
  '(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|credential|signature|pepper|cookie)'
const SECRET_NAME = new RegExp(`${NAME}s?$|^authorization$`, 'i')

/**
 * What secrets look like. Every pattern is linear: no repetition within a repetition, and a bound on each that could start
 * at every character. The whole of a longer shape comes before the shapes that are part of it.
 */
const SHAPES: readonly Shape[] = [
  {
    pattern: /-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----[\s\S]*?(?:-----END [A-Z ]{0,40}-----|$)/g,
    replacement: `-----BEGIN $1-----${MASK}`,
  },
  { pattern: /(?<![0-9A-Za-z])(tg_[0-9A-Za-z]{12}_)[0-9A-Za-z]{20,}/g, replacement: `$1${MASK}` },
  {
    pattern: /(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9+.-]{0,20}:\/\/[^\s:@/?#]{0,256}:)[^\s"'<>]{1,1024}@/g,
    replacement: `$1${MASK}@`,
  },
  { pattern: /\b(bearer)(\s{1,8})[0-9A-Za-z\-._~+/=]{8,}/gi, replacement: `$1$2${MASK}` },
  // A small word in small letters after one of these is English.
  {
    pattern: /\b([Bb]asic|[Dd]igest|[Nn]egotiate)(\s{1,8})(?=[a-z]*[A-Z0-9+/=])[0-9A-Za-z+/=]{8,}/g,
    replacement: `$1$2${MASK}`,
  },
  { pattern: /(?<![0-9A-Za-z_-])eyJ[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]{2,}(?:\.[0-9A-Za-z_-]*){0,3}/g, replacement: MASK },
  {
    pattern:
      /\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abeprs]-|sk-|[rsp]k_(?:live|test)_|npm_|hf_|ya29\.|AKIA|ASIA|AIza|SG\.)[0-9A-Za-z_.-]{12,512}/g,
    replacement: MASK,
  },
  {
    pattern: new RegExp(
      `(${NAME}s?["']?\\s{0,4}[=:]\\s{0,4})(?:"(?:[^"\\\\\\n]|\\\\.)*"?|'(?:[^'\\\\\\n]|\\\\.)*'?|[^\\s,;&"'(){}]+)`,
      'gi',
    ),
    replacement: `$1${MASK}`,
  },
]

/** Whether anything in the text can be a secret; most texts are done with this one look. */
const HINT =
  /-----BEGIN|tg_|:\/\/|bearer|basic|digest|negotiate|eyJ|gh[oprsu]_|github_pat|glpat|xox|sk-|k_live|k_test|npm_|hf_|ya29|AKIA|ASIA|AIza|SG\.|pass|pwd|secret|token|key|credential|signature|pepper|cookie/i

/**
 * The text without the secrets that can be told by their shape: keys of Toolgate and of well-known services, tokens,
 * passwords in connection strings, private keys, and whatever stands after `password=`, `token:` and the like. It is a net
 * below the rule that secrets are not logged, not a promise about secrets that look like any other text.
 */
export function maskSecrets(text: string): string {
  if (!HINT.test(text)) return text
  let masked = text
  for (const { pattern, replacement } of SHAPES) masked = masked.replace(pattern, replacement)
  return masked
}

/** Whether a property of this name usually holds a secret, so that its value is not for the log whatever it looks like. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}
