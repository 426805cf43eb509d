import { applyFindings, findAll } from './apply-findings.ts'
import { LOG_RULES } from './secret-rules.ts'

/** Stands where a secret stood. */
export const MASK = '[masked]'

/** Whether anything in the text can be a secret; most texts are done with this one look. */
const HINT = new RegExp(LOG_RULES.map(({ hint }) => hint).join('|'), 'i')

/**
 * The text without the secrets that can be told by their shape: keys of Toolgate and of well-known services, tokens,
 * passwords in connection strings, private keys, and whatever stands after `password=`, `token:` and the like. For the log:
 * it is a net below the rule that secrets are not logged, not a promise about secrets that look like any other text.
 */
export function maskSecrets(text: string): string {
  if (!HINT.test(text)) return text
  const findings = findAll(LOG_RULES, text, '')
  return findings.length === 0 ? text : applyFindings(text, findings, () => MASK)
}
