import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** One check of the suite that did not succeed. */
export interface Finding {
  readonly scenario: string
  readonly check: string
  readonly message: string
}

/** What a run of one revision's requirements brought. */
export interface Outcome {
  readonly revision: string
  readonly passed: number
  readonly scored: number
  /** Must be empty: failed checks, scored or not, and scenarios without a result. */
  readonly failures: readonly Finding[]
  /** A SHOULD that is not followed. */
  readonly warnings: readonly Finding[]
  /** Scenarios of the tasks extension that succeeded, and all of them but those that the suite itself skips. */
  readonly tasks: { readonly passed: number; readonly of: number }
}

/** Where a run's results are and what it was to be measured by. */
export interface ResultsOf {
  readonly revision: string
  /** The suite's output directory. */
  readonly directory: string
  /** The suite's own list of what the revision requires, `requirements/<revision>.yaml`. */
  readonly requirements: string
}

interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED'
  readonly errorMessage?: string
}

interface Requirements {
  readonly server: readonly string[]
  readonly not_scored: readonly { readonly scenario: string; readonly leg: string }[]
}

const RESULT_FOLDER = /^(?:authorization-)?server-(?<scenario>.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/

/** What a run of an extension's scenarios brought, counted in checks: the requirement lists do not name them. */
export interface ExtensionOutcome {
  readonly name: string
  readonly passed: number
  readonly checks: number
  /** Must be empty: checks that failed or were skipped, SHOULDs that are not followed, scenarios without a result. */
  readonly failures: readonly Finding[]
}

/** Reads the results of an extension's scenarios. A check that was skipped has shown nothing, so it counts as failed. */
export function readExtension(name: string, scenarios: readonly string[], directory: string): ExtensionOutcome {
  const results = readChecks(directory)
  const checks = [...results.values()].flat().filter(({ status }) => status !== 'INFO')
  const missing = scenarios
    .filter((scenario) => !results.has(scenario))
    .map((scenario) => ({ scenario, check: '-', message: 'The suite wrote no result.' }))
  const failed = (['FAILURE', 'WARNING', 'SKIPPED'] as const).flatMap((status) => findings(results, status))
  return {
    name,
    passed: checks.filter(({ status }) => status === 'SUCCESS').length,
    checks: checks.length,
    failures: [...missing, ...failed],
  }
}

/** Reads every `checks.json` that the suite wrote. What the requirements name and has no result is a failure. */
export function readResults({ revision, directory, requirements }: ResultsOf): Outcome {
  const required = parse(readFileSync(requirements, 'utf8')) as Requirements
  const results = readChecks(directory)
  const unscored = required.not_scored.filter((entry) => entry.leg === 'server').map((entry) => entry.scenario)
  const expected = [...required.server, ...unscored]
  const missing = expected
    .filter((scenario) => !results.has(scenario))
    .map((scenario) => ({ scenario, check: '-', message: 'The suite wrote no result.' }))
  const failed = findings(results, 'FAILURE')
  return {
    revision,
    passed: required.server.filter((scenario) => isPassed(results.get(scenario))).length,
    scored: required.server.length,
    tasks: countTasks(expected, results),
    failures: [...missing, ...failed],
    warnings: findings(results, 'WARNING'),
  }
}

function readChecks(directory: string): Map<string, Check[]> {
  const results = new Map<string, Check[]>()
  if (!existsSync(directory)) return results
  for (const folder of readdirSync(directory)) {
    const scenario = RESULT_FOLDER.exec(folder)?.groups?.scenario
    if (scenario === undefined) continue
    const checks = JSON.parse(readFileSync(join(directory, folder, 'checks.json'), 'utf8')) as Check[]
    results.set(scenario, [...(results.get(scenario) ?? []), ...checks])
  }
  return results
}

/** `tasks-status-notifications` is skipped by the suite whatever a server does. */
function countTasks(expected: readonly string[], results: ReadonlyMap<string, readonly Check[]>): Outcome['tasks'] {
  const isSkipped = (scenario: string): boolean =>
    results.get(scenario)?.every(({ status }) => status === 'SKIPPED') === true
  const tested = expected.filter((scenario) => scenario.startsWith('tasks-') && !isSkipped(scenario))
  return { passed: tested.filter((scenario) => isPassed(results.get(scenario))).length, of: tested.length }
}

/** A scenario whose checks were all skipped or mere information has shown nothing. */
function isPassed(checks: readonly Check[] | undefined): boolean {
  if (checks === undefined) return false
  return checks.some(({ status }) => status === 'SUCCESS') && checks.every(({ status }) => status !== 'FAILURE')
}

function findings(results: ReadonlyMap<string, readonly Check[]>, status: Check['status']): Finding[] {
  return [...results].flatMap(([scenario, checks]) =>
    checks
      .filter((check) => check.status === status)
      .map((check) => ({ scenario, check: check.id, message: check.errorMessage ?? '(no message)' })),
  )
}
