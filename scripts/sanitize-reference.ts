import { PERSONAL_KINDS } from '../src/sanitize/personal-kind.ts'
import { PERSONAL_RULES } from '../src/sanitize/personal-rules.ts'
import { RESULT_RULES } from '../src/sanitize/secret-rules.ts'
import { SERVICE_KEYS } from '../src/sanitize/service-keys.ts'

/** docs/reference/sanitize.md, made from the rules in src/sanitize/. */
export function sanitizeReference(): string {
  const shapes = RESULT_RULES.filter(({ id }) => id !== 'service-key').map(({ id, meaning }) => [id, meaning])
  const services = SERVICE_KEYS.map(({ id, meaning }) => [id, meaning])
  const personal = PERSONAL_KINDS.flatMap((kind) =>
    PERSONAL_RULES[kind].filter(({ meaning }) => meaning !== '').map(({ id, meaning }) => [kind, id, meaning]),
  )
  return `# What is masked

The rules by which secrets and personal data are taken out of results and errors.
[Keep secrets and personal data out of results](../how-to/keep-secrets-out-of-results.md) says how to use them, and what they cannot do.

## Secrets
On by default (\`sanitize.secrets\`). \`[masked]\` stands in their place.

${table(['rule', 'what it finds'], [...shapes, ...services])}

The rule \`value\` finds what \`sanitize.values\` lists: as it is, in upper and lower case, in base64 and base64url (also within longer
base64), hex, URL and form encoding, and in JSON, once and twice escaped.

## Personal data
Off unless \`sanitize.personal\` selects it. \`[masked KIND]\` or \`[KIND HASH]\` stands in its place, KIND being the id of the rule.

${table(['kind', 'rule', 'what it finds'], personal)}
`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const unique = [...new Set(rows.map(([first = '', ...rest]) => `| ${cell(first)} | ${rest.map(cell).join(' | ')} |`))]
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...unique].join('\n')
}

/** An id is code, a sentence is not. */
function cell(text: string): string {
  return /^[a-z-]+$/.test(text) ? `\`${text}\`` : text
}
