import { ToolgateError } from '../errors.ts'
import type { ConfigIssue } from './config-issue.ts'
import { explainMistakes } from './explain-mistakes.ts'

/** What has the mistakes, where it is not the configuration. */
export interface Mistaken {
  readonly what: string
  readonly hint: string
}

const CONFIGURATION: Mistaken = {
  what: 'The configuration',
  hint: 'Correct what is listed; `toolgate config schema` prints every option there is.',
}

/** All mistakes of a configuration at once, code `CONFIG_INVALID`. */
export class ConfigError extends ToolgateError {
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[], cause?: unknown, { what, hint }: Mistaken = CONFIGURATION) {
    const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`
    super({
      code: 'CONFIG_INVALID',
      message: `${what} has ${count}:\n${explainMistakes(issues)}`,
      hint,
      data: { issues },
      ...(cause === undefined ? {} : { cause }),
    })
    this.issues = issues
  }
}
