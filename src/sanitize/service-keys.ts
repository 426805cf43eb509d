import type { Rule } from './rule.ts'

/** A key whose beginning tells whose it is. */
interface ServiceKey {
  readonly id: string
  readonly meaning: string
  /** Source of the beginning. It starts with a letter or digit of its own and has no group. */
  readonly prefix: string
  /** Source of what follows. */
  readonly body: string
}

const WORD = '[0-9A-Za-z_-]'

/** Keys of well-known services. Each beginning is the issuer's own; secret scanners know them the same way. */
export const SERVICE_KEYS: readonly ServiceKey[] = [
  ['github-token', 'Tokens of GitHub', 'gh[oprsu]_', '[0-9A-Za-z]{20,255}'],
  ['github-token', 'Fine-grained tokens of GitHub', 'github_pat_', '[0-9A-Za-z_]{20,255}'],
  ['gitlab-token', 'Tokens of GitLab', 'gl(?:pat|dt|rt|ptt|soat|cbt)-', `${WORD}{16,255}`],
  ['slack-token', 'Tokens of Slack', 'xox[abeprs]-', '[0-9A-Za-z-]{12,255}'],
  ['slack-token', 'App tokens of Slack', 'xapp-', '[0-9A-Za-z-]{20,255}'],
  [
    'model-provider-key',
    'Keys of OpenAI, Anthropic and those who write them alike',
    'sk-',
    `(?=[a-z-]{0,20}[0-9A-Z_])${WORD}{16,512}`,
  ],
  ['model-provider-key', 'Keys of Groq', 'gsk_', '[0-9A-Za-z]{32,128}'],
  ['model-provider-key', 'Keys of xAI', 'xai-', '[0-9A-Za-z]{32,128}'],
  ['stripe-key', 'Keys of Stripe', '[rsp]k_(?:live|test)_', '[0-9A-Za-z]{12,255}'],
  ['stripe-key', 'Webhook secrets of Stripe', 'whsec_', '[0-9A-Za-z+/=]{20,255}'],
  ['aws-access-key', 'Access key ids of AWS', 'A(?:KIA|SIA|ROA|IDA)', '[0-9A-Z]{16,128}'],
  ['google-key', 'API keys of Google', 'AIza', `${WORD}{30,64}`],
  ['google-key', 'OAuth tokens of Google', 'ya29\\.', '[0-9A-Za-z_.-]{16,2048}'],
  ['google-key', 'OAuth client secrets of Google', 'GOCSPX-', `${WORD}{20,64}`],
  ['npm-token', 'Tokens of npm', 'npm_', '[0-9A-Za-z]{30,64}'],
  ['pypi-token', 'Tokens of PyPI', 'pypi-', `${WORD}{50,512}`],
  ['rubygems-key', 'Keys of RubyGems', 'rubygems_', '[0-9a-f]{32,64}'],
  ['docker-token', 'Tokens of Docker', 'dckr_(?:pat|oat)_', `${WORD}{20,255}`],
  ['hugging-face-token', 'Tokens of Hugging Face', 'hf_', '[0-9A-Za-z]{20,64}'],
  ['sendgrid-key', 'Keys of SendGrid', 'SG\\.', `${WORD}{12,64}\\.${WORD}{12,128}`],
  ['digitalocean-token', 'Tokens of DigitalOcean', 'do[opr]_v1_', '[0-9a-f]{32,128}'],
  ['shopify-token', 'Tokens of Shopify', 'shp(?:at|ca|pa|ss)_', '[0-9A-Fa-f]{20,64}'],
  ['atlassian-token', 'Tokens of Atlassian', 'ATATT3', `[0-9A-Za-z_=-]{20,512}`],
  ['vault-token', 'Tokens of Vault and OpenBao', 'hv[bsr]\\.', `${WORD}{20,512}`],
  ['grafana-token', 'Tokens of Grafana', 'gl(?:c|sa)_', '[0-9A-Za-z_=+/]{20,512}'],
  ['sentry-token', 'Tokens of Sentry', 'sntry[su]_', '[0-9A-Za-z_=+/]{20,512}'],
  ['linear-key', 'Keys of Linear', 'lin_(?:api|oauth)_', '[0-9A-Za-z]{20,128}'],
  ['figma-token', 'Tokens of Figma', 'fig[dou]_', `${WORD}{20,128}`],
  ['postman-key', 'Keys of Postman', 'PMAK-', '[0-9a-f]{20,32}-[0-9a-f]{20,64}'],
  ['new-relic-key', 'Keys of New Relic', 'NRAK-', '[0-9A-Z]{20,64}'],
  ['tailscale-key', 'Keys of Tailscale', 'tskey-', '[0-9A-Za-z-]{16,128}'],
  ['databricks-token', 'Tokens of Databricks', 'dapi', '[0-9a-f]{32}(?:-[0-9])?(?![0-9A-Za-z])'],
  ['age-key', 'Secret keys of age', 'AGE-SECRET-KEY-1', '[0-9A-Z]{50,64}'],
].map(([id = '', meaning = '', prefix = '', body = '']) => ({ id, meaning, prefix, body }))

/** What ends before the last character of an escape: `\n`, `%3D`, `\x3d`, `\u003d`. */
const ESCAPE = '\\\\|%[0-9A-Fa-f]|\\\\x[0-9A-Fa-f]|\\\\u[0-9A-Fa-f]{3}'

/**
 * Begins a word: no letter or digit before it, unless it is the end of an escape, as in `\ntg_…` within JSON. Stands
 * behind the beginning and looks back over it, so that the engine can skip to beginnings.
 */
export function beginsWord(prefix: string, word = '0-9A-Za-z'): string {
  return `${prefix}(?<!(?<!${ESCAPE})[${word}]${prefix})`
}

/** All service keys in one pass. */
export const serviceKeyRule: Rule = {
  id: 'service-key',
  meaning: 'Keys of well-known services',
  hint: SERVICE_KEYS.map(({ prefix }) => prefix).join('|'),
  find(text, report) {
    ANY.lastIndex = 0
    for (let match = ANY.exec(text); match !== null; match = ANY.exec(text)) {
      const [found] = match
      report(match.index, ANY.lastIndex, OWN.find(({ prefix }) => prefix.test(found))?.id)
    }
  },
}

const ANY = new RegExp(SERVICE_KEYS.map(({ prefix, body }) => `${beginsWord(prefix)}${body}`).join('|'), 'g')
const OWN = SERVICE_KEYS.map(({ id, prefix }) => ({ id, prefix: new RegExp(`^${prefix}`) }))
