import { anyAssignment, likelyAssignment } from './assignments.ts'
import { patternRule, type Rule } from './rule.ts'
import { beginsWord, serviceKeyRule } from './service-keys.ts'

const PEM = '-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----'

/** Shapes that are secrets wherever they stand. */
const CERTAIN: readonly Rule[] = [
  patternRule({
    id: 'private-key',
    meaning: 'Private keys in PEM or OpenPGP armor, also without their end',
    hint: '-----BEGIN',
    // The body ends at the next five dashes, so that many beginnings do not look through the same text.
    pattern: new RegExp(
      `(${PEM})(?:(?:[^-]|-(?!----)){0,16384}-----END [A-Z0-9 ]{0,60}-----|[A-Za-z0-9+/=\\s\\\\:,]{0,16384})`,
      'g',
    ),
  }),
  patternRule({
    id: 'toolgate-key',
    meaning: 'API keys of Toolgate; their public id is kept',
    hint: 'tg_',
    pattern: new RegExp(`(${beginsWord('tg_')}[0-9A-Za-z]{12}_)[0-9A-Za-z]{20,}`, 'g'),
  }),
  {
    id: 'url-password',
    meaning: 'Passwords in connection strings and other URLs',
    hint: '://',
    find: findUrlPasswords,
  },
  patternRule({
    id: 'jwt',
    meaning: 'JSON Web Tokens, signed and encrypted',
    hint: 'eyJ',
    pattern: new RegExp(
      `${beginsWord('eyJ', '0-9A-Za-z_-')}[0-9A-Za-z_-]{5,8192}\\.[0-9A-Za-z_-]{2,}(?:\\.[0-9A-Za-z_-]*){0,3}`,
      'g',
    ),
  }),
  serviceKeyRule,
  patternRule({
    id: 'webhook-url',
    meaning: 'Webhooks of Slack, Discord and Teams, whose URL is the secret',
    hint: 'hooks|webhook',
    pattern:
      /(hooks\.slack\.com\/(?:services|workflows)\/|discord(?:app)?\.com\/api\/webhooks\/|webhook\.office\.com\/webhookb2\/)[0-9A-Za-z/_@-]{20,255}/g,
  }),
  patternRule({
    id: 'telegram-token',
    meaning: 'Tokens of Telegram bots; the id of the bot is kept',
    hint: ':AA',
    pattern: /(:(?<=(?<![0-9A-Za-z])(?:bot)?\d{8,10}:))AA[0-9A-Za-z_-]{33}/g,
  }),
]

const BEARER = { id: 'bearer-token', hint: '[Bb][Ee][Aa][Rr][Ee][Rr]' }
const CREDENTIALS = { id: 'http-credentials', hint: '[Bb]asic|[Dd]igest|[Nn]egotiate' }

/** What is masked in results and in errors that callers see. Ordinary data and prose pass untouched. */
export const RESULT_RULES: readonly Rule[] = [
  ...CERTAIN,
  patternRule({
    ...BEARER,
    meaning: 'What stands after `Bearer`, where it is no word',
    pattern: /\b(bearer(?:\s{1,8}|%20|\+))[0-9A-Za-z\-._~+/=]{8,}/gi,
    accepts: ([whole, kept = '']) => /[0-9]|[a-z][A-Z]/.test(whole.slice(kept.length)),
  }),
  patternRule({
    ...CREDENTIALS,
    meaning: 'What stands after `Basic`, where it is a name and a password in base64',
    pattern: /\b([Bb]asic\s{1,8})[0-9A-Za-z+/=]{8,}/g,
    accepts: ([whole, kept = '']) => isNameAndPassword(whole.slice(kept.length)),
  }),
  likelyAssignment,
]

/** What is masked in the log, where a word too many costs nothing. */
export const LOG_RULES: readonly Rule[] = [
  ...CERTAIN,
  patternRule({
    ...BEARER,
    meaning: 'What stands after `Bearer`',
    pattern: /\b(bearer\s{1,8})[0-9A-Za-z\-._~+/=]{8,}/gi,
  }),
  // A small word in small letters after one of these is English.
  patternRule({
    ...CREDENTIALS,
    meaning: 'What stands after `Basic`, `Digest` and `Negotiate`',
    pattern: /\b((?:[Bb]asic|[Dd]igest|[Nn]egotiate)\s{1,8})(?=[a-z]*[A-Z0-9+/=])[0-9A-Za-z+/=]{8,}/g,
  }),
  anyAssignment,
]

const URL_USER = /:\/\/[^\s:@/?#"'<>\\]{0,256}:/g
const MAX_PASSWORD = 512
const URL_PASSWORD = new RegExp(`[^\\s"'<>]{1,${MAX_PASSWORD}}(?=@)`, 'y')

/** Looks for the `@` first, so that many users without a password do not look through the same text. */
function findUrlPasswords(text: string, report: (start: number, end: number) => void): void {
  let at = -1
  URL_USER.lastIndex = 0
  for (let match = URL_USER.exec(text); match !== null; match = URL_USER.exec(text)) {
    const start = URL_USER.lastIndex
    if (at < start) at = text.indexOf('@', start)
    if (at < 0) return
    if (at - start > MAX_PASSWORD) continue
    URL_PASSWORD.lastIndex = start
    const [password] = URL_PASSWORD.exec(text) ?? []
    if (password === undefined || !isPassword(password, text.slice(Math.max(0, match.index - 5), match.index))) continue
    URL_USER.lastIndex = start + password.length
    report(start, start + password.length)
  }
}

/** A port of the web with a path behind it is none, and neither is what stands for one in a manual. */
function isPassword(text: string, scheme: string): boolean {
  if (/^\d{1,5}[/?#,;)\]}|]/.test(text) && /(?:https?|wss?)$/i.test(scheme)) return false
  return !/^\$\{|^\*+$|^%[A-Z_]+%?$/.test(text)
}

/** RFC 7617: `name:password`, and nothing unprintable in it. */
function isNameAndPassword(base64: string): boolean {
  const [start = ''] = base64.slice(0, 1024).match(/^[^=]+/) ?? []
  const decoded = atobOrNothing(start)
  return decoded.includes(':') && !/[^\x20-\x7e]/.test(decoded)
}

function atobOrNothing(base64: string): string {
  return base64.length % 4 === 1 ? '' : atob(base64)
}
