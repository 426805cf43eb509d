import { ToolgateError } from '../errors.ts'
import type { ConfigIssue } from './config-issue.ts'
import { explainMistakes } from './explain-mistakes.ts'

/** All mistakes of a configuration at once, code `CONFIG_INVALID`. */
export class ConfigError extends ToolgateError {
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[], cause?: unknown) {
    const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`
    super({
      code: 'CONFIG_INVALID',
      message: `The configuration has ${count}:\n${explainMistakes(issues)}`,
      hint: 'Correct what is listed; `toolgate config schema` prints every option there is.',
      data: { issues },
      ...(cause === undefined ? {} : { cause }),
    })
    this.issues = issues
  }
}
