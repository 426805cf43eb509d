import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { commands } from './commands.ts'
import { runCommandLine } from './run-command-line.ts'

let directory = ''
const ODD = 'evil\u001b[31m\u202e\nname'

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-audit-read-'))
  writeFileSync(join(directory, 'toolgate.yaml'), 'connectors: []\n')
  const chain = join(directory, '.toolgate', 'audit', '20261122T000000Z-00000000')
  mkdirSync(chain, { recursive: true })
  const lines = [call(0, 'read', 'ok'), call(1, ODD, 'denied'), call(2, 'read', 'ok')]
  writeFileSync(join(chain, '000000000000.jsonl'), lines.map((line) => `${line}\n`).join(''))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function call(seq: number, name: string, status: string): string {
  const members = {
    callId: `call-${seq}`,
    subject: 's_abcdefghijklmnopqrstuv',
    roles: [],
    kind: 'tool',
    method: 'tools/call',
    name,
  }
  const how = { transport: 'http', era: 'modern', decision: 'permit', rule: 'r', policy: 'p', status, durationMs: 2 }
  return JSON.stringify({
    v: 1,
    seq,
    time: `2026-11-22T10:00:0${seq}.000Z`,
    event: 'call.completed',
    ...members,
    ...how,
    hash: 'h',
  })
}

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const terminal = {
    out: (text: string) => {
      out += text
    },
    err: (text: string) => {
      err += text
    },
    readInput: async () => '',
    environment: {},
    directory,
  }
  const code = await runCommandLine(words, { commands, version: '1.2.3', terminal })
  return { code, out, err }
}

it('the tail is one line a record for a person, and no control character of it reaches the terminal', async () => {
  const { code, out } = await run('audit', 'tail')
  expect(code).toBe(0)
  expect(out.split('\n')).toHaveLength(4)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not be there
  expect(out).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
  expect(out).toContain('evil\\u001b[31m\\u202e\\u000aname denied')
  expect((await run('audit', 'tail', '-n', '1')).out).toContain('call-2')
})

it('a search finds what is meant, newest first, and is recorded without whom it was for', async () => {
  const { out } = await run('audit', 'search', '--name', 'read', '--since', '2026-11-22', '--json')
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seq),
  ).toEqual([2, 0])
  const byWho = await run('audit', 'search', '--principal', 's_abcdefghijklmnopqrstuv', '--limit', '1')
  expect(byWho.out).toContain('call-2')
  const reads = await run('audit', 'search', '--event', 'trail.read', '--json')
  const queries = reads.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).query)
  expect(queries).toEqual(['--principal … --limit=1', '--since=2026-11-22 --name=read'])
})

it('a search for a principal that nobody knows finds nothing', async () => {
  const { code, out, err } = await run('audit', 'search', '--principal', 'somebody')
  expect([code, out, err]).toEqual([0, '', 'There is no such record.\n'])
})

it('an export writes a new file, overwrites none, and is recorded', async () => {
  const first = await run('audit', 'export', '--format', 'csv', '--until', '2026-11-22T10:00:02Z', '--out', 'trail.csv')
  expect(first).toMatchObject({ code: 0, out: '' })
  expect(readFileSync(join(directory, 'trail.csv'), 'utf8').trim().split('\n')).toHaveLength(3)
  expect((await run('audit', 'export', '--format', 'csv', '--out', 'trail.csv')).err).toContain('already')
  const reads = await run('audit', 'search', '--event', 'trail.read', '--json')
  expect(JSON.parse(reads.out.split('\n').at(-2) ?? '')).toMatchObject({ action: 'export' })
})

it('an export is recorded before its first byte goes out', async () => {
  const { out } = await run('audit', 'export', '--format', 'jsonl')
  const records = out.trim().split('\n')
  expect(records.map((line) => JSON.parse(line).event)).toContain('trail.read')
})

it('an erasure does nothing without --yes, and nothing where there is nothing', async () => {
  const planned = await run('audit', 'erase', '--principal', 'somebody')
  expect(planned).toMatchObject({ code: 0, out: expect.stringContaining('nothing to erase') })
  expect((await run('audit', 'erase', '--yes')).code).toBe(2)
})

it('an erasure takes no reason that names whom it is about', async () => {
  const named = await run('audit', 'erase', '--principal', 'ann', '--reason', 'Ann asked for it', '--yes')
  expect(named).toMatchObject({ code: 2, err: expect.stringContaining('stands in the trail for good') })
})

it.each([
  ['search', '--since', 'yesterday'],
  ['search', '--limit', '0'],
  ['tail', '-n', 'x'],
  ['export', '--format', 'xml'],
])('audit %s %s %s is told as a mistake', async (...words) => {
  expect((await run('audit', ...words)).code).toBe(2)
})

it('check tells what would keep the sinks of the trail from working, and no value of a variable', async () => {
  const sinks = `
    - { type: stdout }
    - { type: http, url: 'https://logs.example.com/', headersFromEnv: { Authorization: SIEM_TOKEN } }`
  writeFileSync(
    join(directory, 'toolgate.yaml'),
    `connectors: []\naccess: { local: { roles: [] } }\naudit:\n  sinks:${sinks}\n`,
  )
  const { code, out } = await run('check')
  expect(code).toBe(0)
  expect(out).toContain('warning: With the audit sink stdout on standard output, stdio cannot be served.')
  expect(out).toContain(
    'warning: The environment variable SIEM_TOKEN, which the audit sink http needs, is not set here.',
  )
})
