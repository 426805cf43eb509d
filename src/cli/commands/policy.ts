import { escapeJson, escapeText } from '../../app/trail/read-trail.ts'
import type { RunCommand } from '../command.ts'
import { type DecidedCase, decideCases } from '../decide-cases.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { runApp } from '../run-app.ts'

/** Holds a table of cases against the configuration; exit code 1 where one is decided otherwise or is about what there is not. */
export const testPolicy: RunCommand = async (invocation) => {
  const { options, terminal, positionals } = invocation
  const { readPolicyCases } = await import('../../config/policy-cases.ts')
  const cases = await readPolicyCases(positionals[0] ?? '', terminal.directory)
  const config = await openTarget(invocation)
  const { listApiKeys } = await import('../../app/keys/list-keys.ts')
  const keys = await listApiKeys(config)
  const decided = await runApp({ config, terminal }, (app) => decideCases(app, keys, cases))
  const failed = decided.filter(({ isAsExpected }) => !isAsExpected)
  if (options.has('json')) {
    const report = { cases: decided, passed: decided.length - failed.length, failed: failed.length }
    terminal.out(`${escapeJson(JSON.stringify(report, null, 2))}\n`)
  } else {
    const lines = [...failed.map(failureText), summaryText(decided.length, failed.length)]
    terminal.out(lines.map((line) => `${escapeText(line)}\n`).join(''))
  }
  return failed.length === 0 ? EXIT_CODES.ok : EXIT_CODES.failed
}

function failureText({ at, text, expected, verdict, rule, problem }: DecidedCase): string {
  if (verdict === undefined) return `${at}  ${text}: ${problem}`
  const decided = `${verdict} by ${rule}`
  if (problem === undefined) return `${at}  ${text}: expected ${expected}, but it is ${decided}`
  return `${at}  ${text}: expected ${expected}, and it is ${decided}; ${problem}`
}

function summaryText(all: number, failed: number): string {
  const cases = `${all} ${all === 1 ? 'case' : 'cases'}`
  return failed === 0 ? `${cases}, all as expected` : `${cases}, ${failed} not as expected`
}
