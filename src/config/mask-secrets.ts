/** Stands where a secret stood. */
export const MASK = '<masked>'

const SECRET_NAME =
  /secret|passw|passphrase|pwd|token|credential|api[-_]?key|private[-_]?key|access[-_]?key|pepper|salt|hash|^authorization$|cookie|signature|dsn|connection[-_]?string|(^|[-_])(key|pass|pw)$|^values$/i
const USER_INFO = /([A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/?#:@]*):[^\s]*@/g
const PAIR = /([A-Za-z][A-Za-z0-9_ -]{0,40})=([^;&\s"']+)/g
const WORD = /[A-Za-z0-9+/_=.-]{16,}/g
const TOKEN =
  /^(tg_|sk-|sk_|pk_|rk_|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|npm_|hf_|AKIA|ASIA|AIza|ya29\.|eyJ[A-Za-z0-9_-]+\.)/
const PEM = /-----BEGIN [A-Z ]+-----/
const HEX = /^[0-9a-fA-F]{32,}$/

/** Whether something of this name (an option, a variable of the environment) usually is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Whether the text itself looks like a key, a token or something as random. */
export function looksSecret(text: string): boolean {
  if (PEM.test(text) || TOKEN.test(text) || HEX.test(text)) return true
  const isRandom = /[0-9]/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)
  return text.length >= 32 && isRandom && /^[A-Za-z0-9+/_=-]+$/.test(text) && !/^[./]/.test(text)
}

/** The text with passwords in connection strings, secret parameters and token-like words masked. */
export function maskText(text: string): string {
  if (PEM.test(text)) return MASK
  return text
    .replace(USER_INFO, `$1:${MASK}@`)
    .replace(PAIR, (pair: string, name: string) => (isSecretName(name) ? `${name}=${MASK}` : pair))
    .replace(WORD, (word) => (looksSecret(word) ? MASK : word))
}
