import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installOfficialTools, newerNode, requirementsOf, SUITE } from './official-tools.ts'
import { type Finding, type Outcome, readResults } from './read-results.ts'
import { startConformanceServer } from './start-server.ts'

/**
 * Runs the official conformance suite, both requirement sets, against a server of its own. Exits with 1 when any check
 * of what is claimed fails, also of scenarios that the suite runs without scoring them.
 */
const REVISIONS = ['2025-11-25', '2026-07-28'] as const
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
    return report(outcomes)
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

function report(outcomes: readonly Outcome[]): number {
  for (const outcome of outcomes) {
    print(outcome.revision, 'FAILED', outcome.failures)
    print(outcome.revision, 'warning', outcome.warnings)
    const unclaimed = new Set(outcome.unclaimed.map((finding) => finding.scenario))
    if (unclaimed.size > 0) console.log(`${outcome.revision} not claimed: ${[...unclaimed].join(', ')}`)
  }
  const isWhole = outcomes.every((outcome) => outcome.failures.length === 0 && outcome.passed === outcome.scored)
  const tasks = outcomes.filter((outcome) => outcome.tasks.of > 0).map(sayTasks)
  if (tasks.length > 0) console.log(`extensions: ${tasks.join(', ')}`)
  const counts = outcomes.map(({ revision, passed, scored }) => `${revision} ${passed}/${scored}`)
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
