import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTrail } from '../../test/fixtures/audit.ts'
import { createApp } from '../app/create-app.ts'
import { recordNow } from '../app/trail/record-now.ts'
import { defineTool } from '../capabilities/definition.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load-config.ts'
import type { Connector } from '../connectors/connector.ts'
import { commands } from './commands.ts'
import { runCommandLine } from './run-command-line.ts'

const ANN = { id: 'key:annsid', name: 'Ann Example', kind: 'api-key', roles: ['reader'] } as const
const ODD = 'evil\u001b[31m\u202e text'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-audit-retain-'))
  configure('')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function configure(audit: string): void {
  const lines = [
    'connectors: []',
    "access: { roles: { reader: { allow: [{ name: '*' }] } } }",
    `audit: { levels: [{ name: '*', level: full }]${audit} }`,
  ]
  writeFileSync(join(directory, 'toolgate.yaml'), `${lines.join('\n')}\n`)
}

const config = (): Promise<Config> => loadConfig(join(directory, 'toolgate.yaml'), { env: {}, cwd: directory })

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

const echo: Connector = {
  name: 'echo',
  connect: async () => [
    {
      definition: defineTool({
        name: 'echo',
        description: 'Says it.',
        input: { type: 'object', properties: { text: { type: 'string' } } },
        run: (input) => String((input as { text?: string }).text),
      }),
      source: 'echo.ts',
    },
  ],
  reload: async () => [],
  onChange: () => () => undefined,
  close: async () => undefined,
}

/** Ann says something; answers her pseudonym. */
async function callAsAnn(text: string): Promise<string> {
  const app = await createApp(await config(), { connectors: [echo], writeLog: () => undefined })
  await app.connectInMemory(ANN).request('tools/call', { name: 'echo', arguments: { text } })
  await app.close()
  const record = readTrail((await config()).audit.directory).find(({ event }) => event === 'call.completed')
  return record?.event === 'call.completed' ? record.subject : ''
}

describe('toolgate audit show', () => {
  it('prints all there is of somebody, opened, for a person, and no control character of it reaches the terminal', async () => {
    const ann = await callAsAnn(ODD)
    const { code, out, err } = await run('audit', 'show', '--subject', ANN.id)
    expect(code).toBe(0)
    expect(out).toContain(`${ann}  What is sealed is opened below.`)
    expect(out).toContain('identity: key:annsid, Ann Example, api-key')
    expect(out).toMatch(/arguments: \{"text":"evil/)
    expect(out).toMatch(/result: .*evil/)
    expect(out).toContain('roles: ["reader"]')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there.
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    expect(err).toBe('3 records.\n')
  })

  it('prints lines of JSON, and is recorded with the pseudonym alone', async () => {
    const ann = await callAsAnn('hello')
    const { out } = await run('audit', 'show', '--subject', ANN.id, '--json')
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ record }) => record.event).sort()).toEqual([
      'call.completed',
      'call.decided',
      'subject.introduced',
    ])
    expect(lines.find(({ record }) => record.event === 'call.decided')).toMatchObject({
      state: 'known',
      input: '{"text":"hello"}',
      isUnreadable: false,
    })
    const reading = readTrail((await config()).audit.directory).find(({ event }) => event === 'trail.read')
    expect(reading).toMatchObject({ action: 'subject', query: `--subject=${ann}` })
  })

  it('says that somebody was erased, and shows nothing that was sealed', async () => {
    const ann = await callAsAnn('hello')
    await run('audit', 'erase', '--principal', ANN.id, '--yes')
    expect((await run('audit', 'show', '--subject', ANN.id)).err).toContain('who was erased is found by its pseudonym')
    const { out } = await run('audit', 'show', '--subject', ann)
    expect(out).toContain('Erased: ')
    expect(out).toContain('sealed, and cannot be opened')
    expect(out).not.toMatch(/Ann Example|hello/)
  })
})

describe('toolgate audit hold', () => {
  it('is laid, listed and taken off, and named by what it forbids', async () => {
    const ann = await callAsAnn('hello')
    const added = await run('audit', 'hold', 'add', '--principal', ANN.id, '--reason', 'CASE-7')
    const [id = ''] = /^h_[0-9a-f]{8}/.exec(added.out) ?? []
    expect(added).toMatchObject({ code: 0, out: `${id}  ${ann}  (CASE-7)  is in force\n` })
    expect((await run('audit', 'hold', 'list')).out).toContain(`${id}  ${ann}  (CASE-7)  since 2`)
    const refused = await run('audit', 'erase', '--principal', ANN.id, '--yes')
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining(`under a legal hold (${id})`) })
    expect((await run('audit', 'hold', 'remove', '--id', id)).code).toBe(0)
    expect((await run('audit', 'hold', 'list')).out).toBe('There is no legal hold.\n')
    expect((await run('audit', 'erase', '--principal', ANN.id, '--yes')).code).toBe(0)
  })

  it('needs to be told whom or when, and no name in its reason', async () => {
    for (const words of [
      [],
      ['--since', '2026-01-01'],
      ['--since', '2026-01-02', '--until', '2026-01-01'],
      ['--principal', 'ann', '--since', '2026-01-01', '--until', '2026-01-02'],
      ['--principal', 'ann', '--reason', 'Ann did it'],
    ]) {
      expect((await run('audit', 'hold', 'add', ...words)).code, words.join(' ')).toBe(2)
    }
    expect((await run('audit', 'hold', 'remove', '--id', 'h_00000000')).code).toBe(5)
  })

  it('is for its owner alone, beside the trail', async () => {
    await run('audit', 'hold', 'add', '--since', '2026-01-01', '--until', '2026-01-08')
    const { audit } = await config()
    expect(JSON.parse(readFileSync(join(audit.directory, 'holds.json'), 'utf8')).holds).toHaveLength(1)
  })
})

describe('toolgate audit retain', () => {
  const longAgo = async (): Promise<void> => {
    const time = '2020-01-01T00:00:00.000Z'
    await recordNow(await config(), { event: 'auth.refused', time, reason: 'r', address: 'a', count: 1 })
  }

  it('says that nothing is set', async () => {
    expect(await run('audit', 'retain')).toMatchObject({ code: 3, err: expect.stringContaining('everything is kept') })
  })

  it('says what would go and why the rest stays, then does it, and the trail verifies', async () => {
    configure(', retention: { default: 30d }')
    await longAgo()
    const before = readTrail((await config()).audit.directory)
    const plan = await run('audit', 'retain', '--dry-run', '--trust-clock')
    expect(plan.out).toContain('kept from record 0 on: 000000000000.jsonl was begun')
    expect(readTrail((await config()).audit.directory)).toEqual(before)
    expect((await run('audit', 'retain', '--json')).code).toBe(0)
    expect((await run('audit', 'verify')).code).toBe(0)
  })
})
