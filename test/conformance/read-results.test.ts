import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Outcome, readExtension, readResults } from './read-results.ts'

const REQUIREMENTS = `
server: [ping, tools-list]
client: [initialize]
not_scored:
  - { scenario: server-sse-polling, leg: server, reason: pending }
  - { scenario: auth/dpop, leg: client, reason: extension }
`
const fine = [{ id: 'fine', status: 'SUCCESS' }]

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'conformance-results-'))
  writeFileSync(join(directory, 'requirements.yaml'), REQUIREMENTS)
})

afterEach(() => rmSync(directory, { recursive: true }))

test('a run in which every check succeeds passes all scored scenarios', () => {
  const outcome = read({ ping: fine, 'tools-list': fine, 'server-sse-polling': fine })
  expect(outcome).toMatchObject({ passed: 2, scored: 2, failures: [], warnings: [] })
})

test('a run that wrote nothing fails every scenario', () => {
  const outcome = read({})
  expect(outcome.passed).toBe(0)
  expect(outcome.failures.map((finding) => finding.scenario)).toEqual(['ping', 'tools-list', 'server-sse-polling'])
})

test('one failed check fails its scenario and is named with its message', () => {
  const failed = [...fine, { id: 'tools-list', status: 'FAILURE', errorMessage: 'Missing tools array' }]
  const outcome = read({ ping: fine, 'tools-list': failed, 'server-sse-polling': fine })
  expect(outcome.passed).toBe(1)
  expect(outcome.failures).toEqual([{ scenario: 'tools-list', check: 'tools-list', message: 'Missing tools array' }])
})

test('a failed check of a scenario that is not scored is a failure too', () => {
  const polling = [{ id: 'resume', status: 'FAILURE', errorMessage: 'gone' }]
  const outcome = read({ ping: fine, 'tools-list': fine, 'server-sse-polling': polling })
  expect(outcome).toMatchObject({ passed: 2, failures: [{ scenario: 'server-sse-polling', check: 'resume' }] })
})

test('a scored scenario that skipped everything has not passed', () => {
  const outcome = read({
    ping: [{ id: 'ping', status: 'SKIPPED' }],
    'tools-list': fine,
    'server-sse-polling': fine,
  })
  expect(outcome.passed).toBe(1)
})

test('the scenarios of tasks are counted, without those that the suite skips', () => {
  const requirements = `${REQUIREMENTS}${['lifecycle', 'wire-fields', 'status-notifications']
    .map((name) => `  - { scenario: tasks-${name}, leg: server, reason: extension }\n`)
    .join('')}`
  writeFileSync(join(directory, 'requirements.yaml'), requirements)
  const outcome = read({
    ping: fine,
    'tools-list': fine,
    'server-sse-polling': fine,
    'tasks-lifecycle': fine,
    'tasks-wire-fields': [{ id: 'ttl', status: 'FAILURE', errorMessage: 'no ttlMs' }],
    'tasks-status-notifications': [{ id: 'all', status: 'SKIPPED' }],
  })
  expect(outcome.tasks).toEqual({ passed: 1, of: 2 })
  expect(outcome.failures).toMatchObject([{ scenario: 'tasks-wire-fields' }])
})

test('a warning is listed and fails nothing', () => {
  const warned = [...fine, { id: 'retry', status: 'WARNING', errorMessage: 'no retry field' }]
  const outcome = read({ ping: fine, 'tools-list': fine, 'server-sse-polling': warned })
  expect(outcome).toMatchObject({ failures: [], warnings: [{ check: 'retry', message: 'no retry field' }] })
})

test('a suite that never made its folder fails every scenario too', () => {
  const requirements = join(directory, 'requirements.yaml')
  const outcome = readResults({ revision: '2026-07-28', directory: join(directory, 'nowhere'), requirements })
  expect(outcome.failures).toHaveLength(3)
})

test('an extension is counted in checks, and a skipped check or a scenario without a result fails it', () => {
  write({ 'sep-a': [...fine, { id: 'later', status: 'SKIPPED', errorMessage: 'not declared' }] })
  expect(readExtension('skills', ['sep-a', 'sep-b'], directory)).toEqual({
    name: 'skills',
    passed: 1,
    checks: 2,
    failures: [
      { scenario: 'sep-b', check: '-', message: 'The suite wrote no result.' },
      { scenario: 'sep-a', check: 'later', message: 'not declared' },
    ],
  })
})

function read(checks: Record<string, unknown[]>): Outcome {
  write(checks)
  return readResults({ revision: '2026-07-28', directory, requirements: join(directory, 'requirements.yaml') })
}

function write(checks: Record<string, unknown[]>): void {
  for (const [scenario, found] of Object.entries(checks)) {
    const folder = join(directory, `server-${scenario}-2026-11-22T21-30-16-123Z`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'checks.json'), JSON.stringify(found))
  }
}
