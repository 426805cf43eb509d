import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AUTHORIZATION_SCENARIOS, runAuthorization } from './authorization.ts'
import { installOfficialTools, newerNode, requirementsOf, SUITE } from './official-tools.ts'
import { type ExtensionOutcome, type Finding, type Outcome, readExtension, readResults } from './read-results.ts'
import { startConformanceServer } from './start-server.ts'

/**
 * Runs the official conformance suite, both requirement sets, against a server of its own. Exits with 1 when any check
 * of what is claimed fails, also of scenarios that the suite runs without scoring them.
 */
const REVISIONS = ['2025-11-25', '2026-07-28'] as const
/** Scenarios of extensions are in no requirement list, so they are run one by one. */
const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  skills: ['sep-2640-skills-enumeration', 'sep-2640-skills-manifest', 'sep-2640-skills-directory'],
}
const EXPECTED_FAILURES = fileURLToPath(new URL('./expected-failures.yml', import.meta.url))
const SUITE_TIMEOUT_MS = 300_000

// Ending by a signal must not leave the server behind; it goes when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main(process.argv.includes('--verbose'))

async function main(isVerbose: boolean): Promise<number> {
  const missing = installOfficialTools()
  if (missing !== undefined) {
    console.error(missing)
    return 1
  }
  const directory = await mkdtemp(join(tmpdir(), 'toolgate-conformance-'))
  const server = await startConformanceServer()
  try {
    const outcomes: Outcome[] = []
    for (const revision of REVISIONS)
      outcomes.push(await runRevision(revision, { url: server.url, directory, isVerbose }))
    const extensions: ExtensionOutcome[] = []
    for (const name of Object.keys(EXTENSIONS))
      extensions.push(await runExtension(name, { url: server.url, directory, isVerbose }))
    const results = join(directory, 'authorization')
    await runAuthorization(results, isVerbose)
    extensions.push(readExtension('authorization server', AUTHORIZATION_SCENARIOS, results))
    return report(outcomes, extensions)
  } finally {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

interface RunOptions {
  readonly url: string
  readonly directory: string
  readonly isVerbose: boolean
}

async function runRevision(revision: string, { url, directory, isVerbose }: RunOptions): Promise<Outcome> {
  const results = join(directory, revision)
  const baseline = ['--expected-failures', EXPECTED_FAILURES]
  const args = [SUITE, 'server', '--url', url, '--requirements', revision, ...baseline, '-o', results]
  const suite = await runSuite(args, isVerbose)
  const outcome = readResults({ revision, directory: results, requirements: requirementsOf(revision) })
  if (suite.status === 0 || outcome.failures.length > 0) return outcome
  const message = `It ended with ${suite.status ?? suite.signal}. ${suite.output.slice(-1000)}`
  return { ...outcome, failures: [{ scenario: '(the suite itself)', check: '-', message }] }
}

async function runExtension(name: string, { url, directory, isVerbose }: RunOptions): Promise<ExtensionOutcome> {
  const results = join(directory, name)
  const scenarios = EXTENSIONS[name] ?? []
  for (const scenario of scenarios) {
    await runSuite([SUITE, 'server', '--url', url, '--scenario', scenario, '-o', results], isVerbose)
  }
  return readExtension(name, scenarios, results)
}

interface SuiteEnd {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

function runSuite(args: readonly string[], isVerbose: boolean): Promise<SuiteEnd> {
  return new Promise((resolve, reject) => {
    const suite = spawn(newerNode(), args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: SUITE_TIMEOUT_MS })
    let output = ''
    for (const stream of [suite.stdout, suite.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (isVerbose) process.stdout.write(text)
      })
    }
    suite.once('error', reject)
    suite.once('close', (status, signal) => resolve({ status, signal, output }))
  })
}

function report(outcomes: readonly Outcome[], extensions: readonly ExtensionOutcome[]): number {
  for (const outcome of outcomes) {
    print(outcome.revision, 'FAILED', outcome.failures)
    print(outcome.revision, 'warning', outcome.warnings)
  }
  for (const { name, failures } of extensions) print(name, 'FAILED', failures)
  const isWhole =
    outcomes.every((outcome) => outcome.failures.length === 0 && outcome.passed === outcome.scored) &&
    extensions.every(({ failures, passed, checks }) => failures.length === 0 && checks > 0 && passed === checks)
  const counts = outcomes.map(({ revision, passed, scored }) => `${revision} ${passed}/${scored}`)
  const tasks = outcomes.filter((outcome) => outcome.tasks.of > 0).map(sayTasks)
  const checked = extensions.map(({ name, passed, checks }) => `${name} ${passed}/${checks}`)
  console.log(`extensions: ${[...tasks, ...checked].join(', ')}`)
  console.log(`conformance: ${counts.join(', ')}`)
  return isWhole ? 0 : 1
}

function sayTasks({ revision, tasks }: Outcome): string {
  return `tasks ${revision} ${tasks.passed}/${tasks.of}`
}

function print(revision: string, word: string, findings: readonly Finding[]): void {
  for (const { scenario, check, message } of findings) {
    console.log(`${revision} ${word} ${scenario} › ${check}: ${message}`)
  }
}
